"""The tutorial on a network of one's own: its commands, its script and its settings, as a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests import ROOT
from tests.workflow.conftest import bring_data, copy_project

PAGE = "docs/tutorial_own_network.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
#: In the order of the page: kind and text.
BLOCKS = re.findall(r"^```(bash|python|yaml)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, str]:
    """The folder of a copy of the checkout in which all of it was done, and what the commands printed."""
    project = copy_project(tmp_path_factory.mktemp("tutorial"))
    bring_data(project)
    folder = project.folder
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    printed = ""
    for kind, text in BLOCKS:
        if kind == "bash":
            command = text.replace("uv run ", "")
            result = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
            assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
            printed += result.stdout
        else:
            name = re.match(r"# (\S+)\n", text)[1]
            (folder / name).write_text(text, encoding="utf-8")
    return folder, printed


def test_every_command_runs_and_leaves_what_the_page_says(done):
    folder, printed = done
    assert "Open spectra_after/index.html" in printed
    for name in ("index.html", "matrices.csv", "vectors.csv", "summary.md"):
        assert (folder / "spectra_after" / name).is_file()
    assert (folder / "first_layer.png").stat().st_size > 10_000
    for name in ("trained", "untrained"):
        assert (folder / f"results/preview/my_networks/{name}/index.html").is_file()


def test_its_numbers_are_those_of_the_page(done):
    """Trainings differ between processors: to within what another seed would give."""
    folder, printed = done
    heading = re.search(r"^matrix +above +below +bulk", TEXT, re.MULTILINE)
    pasted = [line.split() for line in TEXT[heading.start() :].splitlines()[:3]]
    found = pd.read_csv(folder / "spectra_after" / "matrices.csv").set_index("name")
    assert [line.split()[:4] for line in printed.splitlines()].count(pasted[0][:4]) == 1
    for name, above, *_, outputs, inputs in pasted[1:]:
        row = found.loc[int(name)]
        assert (row.outputs, row.inputs) == (int(outputs), int(inputs))
        assert row.above == pytest.approx(int(above), rel=0.3)
        assert row.alpha < 0.5 * row.alpha_random
    assert (found.spacing_p > 0.01).all()
    assert found.vectors_input[0] > found.vectors_output[0]
    before = pd.read_csv(folder / "results/preview/my_networks/untrained/matrices.csv")
    assert before.above.sum() + before.below.sum() <= 1
