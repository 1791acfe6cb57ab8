"""Rerun digests of rules, with the modules that their jobs load by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepspectra.planning.binding import Binder
from deepspectra.runtime.digests import code_digest

__all__ = ["CodeParameter"]


class CodeParameter:
    """``code=`` of a rule: the digest of a script, of what it imports, and of what its jobs load by name.

    :param scripts: folder of the scripts. :param plan: binds functions that name modules.
    """

    def __init__(self, scripts: Path, plan: Binder) -> None:
        self._scripts, self._plan = scripts, plan

    def __call__(
        self, script: str, modules: Callable[..., list[str]] | None = None, **fixed: Any
    ) -> str | Callable[[Any], str]:
        """The digest, or, where jobs of one rule load different modules, a function of the wildcards.

        :param modules: a planning function that returns names below the package. :param fixed: arguments of it.
        """
        path = self._scripts / f"{script}.py"
        if modules is None:
            return code_digest(path)
        names = self._plan(modules, **fixed)

        def of_wildcards(wildcards: Any) -> str:
            return code_digest(path, *names(wildcards))

        return of_wildcards
