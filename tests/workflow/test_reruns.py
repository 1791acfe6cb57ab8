"""What a change makes anew: exactly what depends on it, by a dry run after a state in which all is finished.

The cases are the tables of ``tests/reruns.md``, which a reader can look up. The finished state is an empty file for
each result, with the provenance that Snakemake's own ``--touch`` records: a dry run looks at nothing else.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from textwrap import dedent

import numpy as np
import pytest

from deepspectra.config import SCALES, load_settings
from deepspectra.papers.registry import PAPERS, items_of
from deepspectra.planning.items import everything
from deepspectra.runtime.digests import read_source

from .conftest import ROOT, Project
from .counting import counted

#: With a network of the user's own, so that all rules have jobs.
SMOKE = ("--configfile", "mine.yaml", "--config", "scale=smoke")
MINE = "my_networks: {mine: {file: mine.npz, draws: 99}}\n"
#: Below results/smoke: what is deleted when nothing needs it any more.
TEMPORARY = {"kernels", "matrices", "vectors"}
#: Rules whose results are checked by hashes: see "Reruns" in CONTRIBUTING.md.
FETCHED = {"fetch_dataset", "fetch_weights", "fetch_backbone"}
TABLES = (ROOT / "tests" / "reruns.md").read_text(encoding="utf-8")


def table(heading: str) -> list[tuple[str, ...]]:
    """Every row below a heading without its first cell, which is for readers."""
    part = TABLES.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    assert len(rows) > 3
    return [tuple(cell.strip("`") for cell in cells) for _, *cells in rows[2:]]


#: How many figures there are.
FIGURES = sum(bool(item.drawing) for paper in PAPERS for item in items_of(paper).values())

SETTINGS, EDITS, REPLACED = table("Settings"), table("Code and inputs"), table("One thing for another")
IDLE = table("Edits that change no number")


def counts(jobs: str) -> dict[str, int]:
    """Number of jobs by rule, of a cell such as "1 train_network, all draw_figure"; the page stands on all of them."""
    if jobs == "none":
        return {}
    pairs = (job.split(" ") for job in jobs.split(", "))
    found = {rule: FIGURES if count == "all" else int(count) for count, rule in pairs}
    # The picture of the claims is not on the page.
    page = {} if set(found) == {"draw_claims"} else {"write_report": 1}
    return found | page | {"all": 1}


@pytest.fixture(scope="module")
def finished(project) -> Project:
    """The project as if all had been made at smoke scale."""
    (project.folder / "mine.yaml").write_text(MINE)
    np.savez(project.folder / "mine.npz", layer=np.ones((30, 20)))
    # Which random matrices there are follows from what is in this table.
    layers = project.folder / "results/smoke/my_networks/mine/layers.csv"
    layers.parent.mkdir(parents=True)
    layers.write_text("name,kind,outputs,inputs,left_out\nlayer,dense,30,20,\n")
    result = project.snakemake("--touch", "--cores", "1", "--forcerun", "list_layers", *SMOKE)
    assert result.returncode == 0, result.stdout[-6000:]
    outputs = ", ".join(re.findall(r"^    output: (.*)$", result.stdout, re.MULTILINE)).split(", ")
    now = time.time()
    assert {name for name in outputs if "/nulls/my_networks/levels_" in name}
    for name in outputs:
        if name.split("/")[2] not in TEMPORARY:
            path = project.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.utime(path, (now, now))
    os.utime(project.folder / "mine.npz", (now - 60, now - 60))
    return project


@contextmanager
def edited(project: Project, names: str, change: Callable[[str], str]):
    """Files of the project with another text, and as they were afterwards; one that is not there is made."""
    before = {}
    try:
        for name in names.split(" "):
            path = project.folder / name
            before[path] = (path.read_bytes(), path.stat()) if path.exists() else None
            path.write_text(change(before[path][0].decode() if before[path] else ""), encoding="utf-8")
        yield
    finally:
        for path, known in before.items():
            if known:
                path.write_bytes(known[0])
                os.utime(path, ns=(known[1].st_atime_ns, known[1].st_mtime_ns))
            else:
                path.unlink()


def added(text: str) -> str:
    """One statement more."""
    return text + "\nEDITED = 1\n"


def test_nothing_is_to_be_done_in_a_finished_state(finished):
    result = finished.snakemake("--dry-run", *SMOKE)
    assert "Nothing to be done" in result.stdout
    assert "missing provenance" not in result.stdout


@pytest.mark.parametrize(("settings", "jobs"), SETTINGS)
def test_a_setting_makes_anew_what_it_shapes(finished, settings, jobs):
    assert finished.jobs(*SMOKE, *shlex.split(settings)) == counts(jobs)


@pytest.mark.parametrize(("names", "jobs"), EDITS)
def test_an_edit_makes_anew_what_depends_on_it(finished, names, jobs):
    """By a statement, or a line, more; the script has an old time stamp, as a copy of another version may."""
    assert (finished.folder / names).exists()
    with edited(finished, names, added):
        if names.startswith("workflow/scripts"):
            os.utime(finished.folder / names, (1e9, 1e9))
        assert finished.jobs(*SMOKE) == counts(jobs)


@pytest.mark.parametrize(("names", "jobs"), IDLE)
def test_an_edit_that_changes_no_number_makes_nothing_anew(finished, names, jobs):
    """Statements where they do not count, comments elsewhere."""
    comment = "train_network" in names
    with edited(finished, names, lambda text: text + "\n\n# A comment.\n" if comment else added(text)):
        assert finished.jobs(*SMOKE) == counts(jobs) == {}


@pytest.mark.parametrize(("names", "before", "after", "jobs"), REPLACED)
def test_one_thing_in_place_of_another_makes_anew_what_depends_on_it(finished, names, before, after, jobs):
    assert before in (finished.folder / names).read_text(encoding="utf-8")
    with edited(finished, names, lambda text: text.replace(before, after)):
        assert finished.jobs(*SMOKE) == counts(jobs)


@pytest.mark.parametrize("scale", [scale for scale in SCALES if scale != "smoke"])
def test_files_of_one_scale_do_not_depend_on_the_scale_of_the_run(finished, scale):
    """Inputs, parameters and code of all jobs: each path says its own scale."""
    everywhere = everything(load_settings(ROOT / "config")["smoke"], "smoke")
    # Spectra stand behind figures and tables. Named as targets, they would bring back the vectors made beside them.
    files = [file for file in everywhere if "/spectra/" not in file]
    assert finished.jobs(*SMOKE[:-1], f"scale={scale}", "--", *files) == {}


def test_results_are_kept_by_a_word_of_the_user(finished, tmp_path):
    """``--touch``: the edit changed no number. Kernels that were deleted stay so, what is finished stays as it is."""
    copy = Project(tmp_path / "copy")
    shutil.copytree(finished.folder, copy.folder, symlinks=True)
    figure = copy.folder / "results/smoke/figures/fan2020/figure_1.pdf"
    figure.write_text("a figure")
    with edited(copy, "workflow/lib/deepspectra/spectra/kernels/networks.py", added):
        assert copy.jobs(*SMOKE)["compute_kernels"] == 3
        # Of one figure alone: the others that stand on the same kernels are still asked about.
        result = copy.snakemake("--touch", "--cores", "1", *SMOKE, "--", "fan2020_figure_1")
        assert result.returncode == 0, result.stdout[-3000:]
        assert copy.jobs(*SMOKE, "--", "fan2020_figure_1") == {}
        assert copy.jobs(*SMOKE)["compute_kernels"] == 2
        result = copy.snakemake("--touch", "--cores", "1", *SMOKE)
        assert result.returncode == 0, result.stdout[-3000:]
        assert copy.jobs(*SMOKE) == {}
        assert figure.read_text() == "a figure"
        assert not (copy.folder / "results/smoke/kernels").exists()
    # The other way out, for one run, forgets nothing.
    assert copy.jobs("--rerun-triggers", "mtime", *SMOKE) == {}
    assert copy.jobs(*SMOKE)["compute_kernels"] == 3


def rules() -> dict[str, str]:
    """Name and text of every rule in the rule files; those of tables are one."""
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    text = "\n".join(re.sub(r"\n +rule:(?=\n +name:)", "\nrule make_table:", file) for file in files)
    found = dict(re.findall(r"^(?:rule|checkpoint) (\w+):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL))
    assert len(found) > 25
    return {name: dedent(text) for name, text in found.items()}


def test_every_rule_that_makes_a_file_has_the_digest_of_its_own_script():
    for name, text in rules().items():
        scripts = re.findall(r'"\.\./scripts/(\w+)\.py"$', text, re.MULTILINE)
        if "output:\n" not in text:
            assert name in ("compare", "data")
            continue
        assert scripts == [name]
        digests = re.findall(r'^ +code=code\("(\w+)"(?:, .*)?\),$', text, re.MULTILINE)
        versions = re.findall(r"^ +version=\d+,$", text, re.MULTILINE)
        assert (digests, len(versions)) == (([], 1) if name in FETCHED else ([name], 0)), name


#: Modules below the layer papers, and those of the papers, that no job at smoke scale counts, and why not.
UNCOUNTED = {
    r"data\.sources(\..*)?": "fetched files are checked by hashes, or have a version",
    r"nn\.activations\.\w+": "no job at smoke scale has this activation",
    r"papers\.\w+\.(items|settings)": "titles, notes, files and values: they reach rules as inputs and parameters",
    r"analysis\.curvature(\..*)?": "a command of its own: no job asks for it",
}


def test_every_module_that_makes_numbers_is_counted_by_some_job(finished):
    """An edit of it leaves no stale figure; test_smoke.py holds the same of what each job loads."""
    listed = finished.snakemake("--dry-run", "--forceall", *SMOKE).stdout
    jobs = re.findall(
        r"^(?:local)?(?:rule|checkpoint) (\w+):\n(?:    .*\n)*?    wildcards: (.*)$", listed, re.MULTILINE
    )
    assert len(jobs) > 150
    wildcards = ((rule, dict(pair.split("=", 1) for pair in text.split(", "))) for rule, text in jobs)
    seen = set().union(*(counted(rule, values) for rule, values in wildcards))
    library = ROOT / "workflow" / "lib" / "deepspectra"
    names = {".".join(path.relative_to(library).with_suffix("").parts) for path in library.rglob("*.py")}
    layers = ("rmt", "nn", "data", "train", "spectra", "papers", "analysis")
    names = {name.removesuffix(".__init__") for name in names if name.split(".")[0] in layers}
    missing = {name: [why for why in UNCOUNTED if re.fullmatch(why, name)] for name in names - seen}
    assert {name for name, reasons in missing.items() if not reasons} == set()
    assert {reason for reasons in missing.values() for reason in reasons} == set(UNCOUNTED)


def test_an_edit_of_how_weights_are_read_is_a_decision():
    """What is fetched is not made anew by an edit. Do the same files give other arrays now? Then raise `version` of
    fetch_weights and fetch_backbone in data.smk. Either way, put the new digest here."""
    digests = {"matrices.py": "2614a79667da859b"}
    folder = ROOT / "workflow/lib/deepspectra/data/sources"
    assert {name: read_source((folder / name).read_text(encoding="utf-8")).digest[:16] for name in digests} == digests


def records(project: Project) -> list[dict]:
    """What Snakemake knows of every file that it made."""
    folder = project.folder / ".snakemake" / "metadata"
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            found.append(json.loads(path.read_text()))
    return found


def test_snakemake_sees_every_parameter(finished):
    """It leaves out values that it cannot write down, such as paths, and compares the others as a set without names:
    two plain numbers of one rule that change places would go unseen, so that there is one at most. Paths of an input or
    output, which the templates of its report read, are meant to be left out."""
    texts = rules()
    made = records(finished)
    assert len(made) > 300
    for record in made:
        text = texts.get(record["rule"]) or texts["make_table"]
        params = dedent(re.search(r"^ *params:\n(.*?)^ *script:", text, re.MULTILINE | re.DOTALL)[1])
        names = re.findall(r"^(\w+)=(?!lambda wildcards, (?:in|out)put: )", params, re.MULTILINE)
        assert len(names) == len(record["params"]), record["rule"]
        values = [ast.literal_eval(re.sub(r"\binf\b", "1e999", value)) for value in record["params"]]
        kinds = Counter(type(value) for value in values)
        assert all(kinds[kind] <= 1 for kind in (int, float, bool)), record["rule"]
