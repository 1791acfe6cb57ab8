"""Which modules of the library the digest of a job counts: by its script, and by the names that its rule gives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deepspectra.config import load_settings
from deepspectra.planning import items, networks
from deepspectra.planning.binding import Binder
from deepspectra.runtime.digests import counted_modules

from .conftest import ROOT

_TEXT = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
#: By script: the planning function that names modules, if there is one.
_NAMED = {
    script: getattr({"items": items, "networks": networks}[module], function) if function else None
    for script, module, function in re.findall(r'code=code\("(\w+)"(?:, (\w+)\.(\w+))?', _TEXT)
}
_PLAN = Binder(load_settings(ROOT / "config"))


def counted(rule: str, wildcards: Mapping[str, str]) -> set[str]:
    """Names of modules, below the package; nothing for what is fetched, which has versions."""
    fixed = {}
    if rule.startswith("make_") and rule != "make_numbers":
        _, paper, item = rule.split("_", 2)
        rule, fixed = "make_table", {"paper": paper, "item": item}
    if rule not in _NAMED:
        return set()
    names = _PLAN(_NAMED[rule], **fixed)(wildcards) if _NAMED[rule] else []
    return set(counted_modules(ROOT / "workflow" / "scripts" / f"{rule}.py", *names))
