"""A refusal of the plan as one message: Snakemake (9.27) adds a traceback to whatever an input function raises."""

from typing import Any

from deepspectra.runtime.errors import UserError

__all__ = ["tell_refusals"]


def tell_refusals(input_function_exception: Any) -> None:
    """Patch ``snakemake.exceptions.InputFunctionException``, which stands for the error of a rule's function."""
    if hasattr(input_function_exception, "plain"):  # patched before
        return
    plain = input_function_exception.plain = input_function_exception.__init__

    def tell(self: Any, msg: Any, wildcards: Any = None, **place: Any) -> None:
        if isinstance(msg, UserError):
            super(input_function_exception, self).__init__(f"error: {msg}", **place)
        else:
            plain(self, msg, wildcards=wildcards, **place)

    input_function_exception.__init__ = tell
