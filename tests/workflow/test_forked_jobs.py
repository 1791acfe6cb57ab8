"""A run whose jobs are forked makes what a run makes whose jobs start by themselves, to the byte."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from deepspectra.runtime.forked_jobs import VARIABLE
from deepspectra.runtime.store import file_hash

from .conftest import copy_project

#: Enough jobs that most are forked; some with torch, some with figures.
ARGUMENTS = ("--cores", "1", "--config", "scale=smoke", "--", "pennington2017")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere jobs start by themselves")
def test_forked_jobs_make_the_same_bytes(tmp_path_factory):
    made = []
    for forked in ("0", "1"):
        project = copy_project(tmp_path_factory.mktemp("a project"))
        process = project.start(*ARGUMENTS, **{VARIABLE: forked})
        output, _ = process.communicate(timeout=1200)
        assert process.returncode == 0, output
        results = project.folder / "results" / "smoke"
        files = [path for path in results.rglob("*") if path.is_file() and path.suffix not in (".tsv", ".log")]
        made.append({path.relative_to(results): file_hash(path) for path in files})
        # Snakemake samples the memory of the jobs that it starts; a forked one has what the kernel knows in the end.
        benchmarks = pd.concat(pd.read_csv(path, sep="\t", na_values="-") for path in results.rglob("*.tsv"))
        assert benchmarks["s"].gt(0).all()
        count = (benchmarks.max_vms.isna() & benchmarks.max_rss.gt(50)).sum()
        assert (count >= 3) if forked == "1" else (count == 0), benchmarks.to_string()
    assert made[0] == made[1]
    assert len(made[0]) > 20
