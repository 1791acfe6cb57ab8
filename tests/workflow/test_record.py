"""The record: the present code reads and draws all of it, without data and without training."""

import json

import pandas as pd

from deepspectra.cli.__main__ import main
from deepspectra.papers.registry import items_of
from deepspectra.runtime.files import write_table
from tests import ROOT

from .conftest import bring_data

#: Items that are made anew in seconds, at published sizes and at preview's, and the claims that are read from them.
RERUN = {
    "record": {"baskerville2022/figure_6": "B09", "baskerville2022/figure_5": "B10", "pennington2017/figure_3": "P07"},
    "preview": {"baskerville2022/figure_5": "B10", "pennington2017/figure_3": "P07", "fan2020/figure_s1": "F15"},
}


def parts(paper, item):
    """A figure by itself, a table with its supplements."""
    return items_of(paper)[item].tables or (item,)


def test_everything_is_drawn_from_the_record(project):
    result = project.snakemake("--cores", "2", "record")
    assert result.returncode == 0, result.stdout[-6000:]
    folder = project.folder / "results" / "recorded"
    kept = json.loads((ROOT / "resources/record/record/items.json").read_text())["items"]
    assert not (project.folder / "resources" / "data").exists()
    assert "All results on one page: results/recorded/report.html" in result.stdout
    page = (folder / "report.html").read_text()
    for name in kept:
        paper, _, item = name.partition("/")
        if item.startswith("figure"):
            assert (folder / f"figures/{name}.png").stat().st_size > 10_000
            assert (folder / f"captions/{name}.txt").read_text().splitlines()[1].startswith("The record")
        assert f'id="{paper}-{item}"' in page
        assert f'"items/{name}.html"' in page
    # Light enough to be mailed.
    pages = {path.relative_to(folder / "items").with_suffix("").as_posix(): path for path in folder.glob("items/*/*")}
    # A table's supplements have pages of their own.
    shown = {
        f"{paper}/{part}" for paper, _, item in (name.partition("/") for name in kept) for part in parts(paper, item)
    }
    assert pages.keys() == shown > kept.keys()
    assert all(path.stat().st_size < 2_000_000 for path in (*pages.values(), folder / "report.html"))
    claims = pd.read_csv(folder / "claims.csv")
    assert set(claims.published_verdict) <= {"yes", "no", "undecided"}
    # Every other claim says what it waits for.
    waiting = claims.published_reason.fillna("").str.contains("not in the record yet")
    assert (~waiting).sum() >= 4
    assert not claims[waiting].published_verdict.isin(["yes", "no"]).any()
    assert project.jobs("record") == {}


def test_the_page_of_a_run_asks_for_the_record(project):
    """Except at smoke scale, which tries the rules."""
    assert "unpack_record" not in project.jobs("--forceall", "--config", "scale=smoke", "--", "report")
    assert project.jobs("--forceall", "--config", "scale=preview", "--", "report")["unpack_record"] == 1


def test_cheap_items_made_anew_are_like_the_record(project, capsys):
    """And a number that somebody changed is found."""
    bring_data(project)
    for scale, items in RERUN.items():
        files = [f"results/{scale}/statistics/{item}.csv" for item in items]
        result = project.snakemake("--cores", "2", "--config", f"scale={scale}", "--", *files)
        assert result.returncode == 0, result.stdout[-6000:]
        command = ["compare", "--scale", scale, "--directory", str(project.folder)]
        assert main(command) == 0, capsys.readouterr().out
        table = pd.read_csv(project.folder / "results" / scale / "compared.csv").set_index("id")
        assert set(table.loc[list(items.values()), "outcome"]) <= {"same", "within the spread"}
    path = project.folder / "results/record/statistics/baskerville2022/figure_6.csv"
    numbers = pd.read_csv(path)
    numbers["value"] *= 1.5
    write_table(numbers, path)
    assert main(["compare", "--scale", "record", "--directory", str(project.folder)]) == 1
    assert "beyond the spread" in capsys.readouterr().out


def test_the_target_compares_all_claims(project):
    jobs = project.jobs("--config", "scale=preview", "--", "compare")
    assert jobs["compare"] == jobs["check_claims"] == 1
    refused = project.snakemake("--dry-run", "--config", "scale=smoke", "--", "compare")
    assert refused.returncode == 1
    assert "error: there is no record to compare 'smoke' with" in refused.stdout
