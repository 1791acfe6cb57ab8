"""A refusal of the plan as one message that says what to do, where Snakemake (9.27) has other words."""

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from deepspectra.runtime.errors import UserError

__all__ = ["suggest_targets", "tell_refusals"]


def tell_refusals(input_function_exception: Any) -> None:
    """Patch ``snakemake.exceptions.InputFunctionException``, which stands for the error of a rule's function.

    Snakemake adds a traceback to whatever such a function raises.
    """
    if hasattr(input_function_exception, "plain"):  # patched before
        return
    plain = input_function_exception.plain = input_function_exception.__init__

    def tell(self: Any, msg: Any, wildcards: Any = None, **place: Any) -> None:
        if isinstance(msg, UserError):
            super(input_function_exception, self).__init__(f"error: {msg}", **place)
        else:
            plain(self, msg, wildcards=wildcards, **place)

    input_function_exception.__init__ = tell


def suggest_targets(missing_rule_exception: Any, known: Callable[[str], Iterable[str]]) -> None:
    """Patch ``snakemake.exceptions.MissingRuleException`` to name the target that is nearest to a misspelt one.

    :param known: targets that a name may mean. Snakemake also makes this exception of every file that no rule has to
        make, so they are asked for only if the file does not exist.
    """
    if hasattr(missing_rule_exception, "plain"):  # patched before
        return
    plain = missing_rule_exception.plain = missing_rule_exception.__init__

    def tell(self: Any, file: Any, **place: Any) -> None:
        if Path(name := str(file)).exists():
            plain(self, file, **place)
            return
        close = difflib.get_close_matches(name, list(known(name)), n=1)
        advice = f" Did you mean {close[0]}?" if close else ""
        super(missing_rule_exception, self).__init__(
            f"error: no rule makes {name}.{advice} `uv run deepspectra targets` lists what can be made.", **place
        )

    missing_rule_exception.__init__ = tell
