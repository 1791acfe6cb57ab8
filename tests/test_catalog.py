"""What the Snakemake workflow catalog asks of a workflow."""

from __future__ import annotations

import yaml

from tests import ROOT


def test_the_catalog_finds_what_it_shows():
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert usage == {"software-stack-deployment": {"conda": True}, "report": True}
    for name in ("README.md", "LICENSE", "workflow/Snakefile", "config/README.md", "config/config.yaml"):
        assert (ROOT / name).is_file(), name
