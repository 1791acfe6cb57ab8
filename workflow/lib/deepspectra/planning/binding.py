"""Functions of settings, bound to Snakemake's wildcards."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Binder"]


class Binder:
    """Makes functions of wildcards out of plain functions.

    A plain function names what it needs: wildcards (``network``, ``batch``, ...), ``settings`` (all), ``paper`` (those
    of one paper, see :meth:`of`), or anything else that this binder was given. Settings are those of the scale **in the
    job's own path**, never of the run's default: a file of another scale is planned with that scale's settings.

    >>> plan = Binder({"paper": 8, "smoke": 2}, word="cats")
    >>> plan(lambda settings, word, item: f"{item}: {settings} {word}")({"scale": "smoke", "item": "a"})
    'a: 2 cats'
    """

    def __init__(self, settings: Mapping[str, Any], **known: Any) -> None:
        self._settings, self._known = settings, known

    def of(self, paper: str) -> "Binder":
        """The same, where ``paper`` stands for one paper's settings and not for a wildcard."""
        return Binder(self._settings, **self._known, paper=lambda settings: getattr(settings, paper))

    def __call__(self, function: Callable[..., Any], **fixed: Any) -> Callable[[Any], Any]:
        """A function of the wildcards.

        :param fixed: arguments that do not depend on the job.
        :raises KeyError: when it is called, if the job has no such wildcard.
        """
        call = self._bound(function, fixed)

        def of_wildcards(wildcards: Any) -> Any:
            return call(wildcards)

        return of_wildcards

    def values(self, node: str, **chosen: Any) -> Callable[[Any], Any]:
        """The settings at a node such as ``"fan2020.{item}"``, wildcards filled in, as plain values.

        :param chosen: ``include`` or ``exclude`` some keys: a job names those that determine its result.
        """

        def of_wildcards(wildcards: Any) -> Any:
            found = self._settings[wildcards["scale"]]
            for part in node.format(**wildcards).split("."):
                found = found[part] if isinstance(found, dict) else getattr(found, part)
            return found.model_dump(**chosen) if hasattr(found, "model_dump") else found

        return of_wildcards

    def grow(self, amount: Callable[..., float] | float, **fixed: Any) -> Callable[[Any, int], int]:
        """Memory (MB) or time (minutes) for ``resources:``; twice, then three times as much on a retry."""
        call = self._bound(amount if callable(amount) else lambda: amount, fixed)

        def of_attempt(wildcards: Any, attempt: int) -> int:
            return int(attempt * call(wildcards))

        return of_attempt

    def _bound(self, function: Callable[..., Any], fixed: Mapping[str, Any]) -> Callable[[Any], Any]:
        parameters = inspect.signature(function).parameters.values()
        names = [entry.name for entry in parameters if entry.name not in fixed and entry.default is entry.empty]
        return lambda wildcards: function(**{name: self._value(name, wildcards) for name in names}, **fixed)

    def _value(self, name: str, wildcards: Any) -> Any:
        if name == "settings":
            return self._settings[wildcards["scale"]]
        if name == "paper" and callable(known := self._known.get("paper")):
            return known(self._settings[wildcards["scale"]])
        return self._known[name] if name in self._known else wildcards[name]
