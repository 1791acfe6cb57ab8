"""Metadata of the record: every file and item is there, every address leads to an entry, and hashes are true."""

import json

import pytest
import yaml

from deepspectra.papers.registry import PAPERS
from deepspectra.report.crate import CODECHECK, CRATE, codecheck, crate
from deepspectra.report.record import compress
from deepspectra.runtime.store import file_hash
from tests import ROOT

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ITEM = {"scale": "Record scale.", "core_seconds": 3.5, "peak_memory_mb": 300, "software": {"numpy": "2.4.6"}}
ITEMS = {
    "fan2020/figure_1": ITEM | {"made_from": {"results/record/spectra/fan2020/figure_1.h5": "ab12"}},
    "thamm2024/table_2": ITEM | {"made_from": {}},
}
TABLES = ("statistics/fan2020/figure_1.csv", "statistics/fan2020/figure_1_curves.csv", "tables/thamm2024/table_2.csv")


@pytest.fixture
def folder(tmp_path):
    for name in (*TABLES, "tables/thamm2024/table_1.md"):
        (tmp_path / "table").write_text(name)
        compress(tmp_path / "table", tmp_path / "record" / f"{name}.gz")
    (tmp_path / "record" / "items.json").write_text("{}")
    return tmp_path / "record"


def test_every_file_and_item_is_described(folder):
    text = crate(folder, ITEMS, CITATION, "2026-11-30")
    entries = {entry["@id"]: entry for entry in json.loads(text)["@graph"]}
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert {part["@id"] for part in entries["./"]["hasPart"]} == set(files)
    for name, path in files.items():
        assert entries[name]["sha256"] == file_hash(path)
        assert int(entries[name]["contentSize"]) == path.stat().st_size
    made = entries["#make-fan2020-figure_1"]
    assert [result["@id"] for result in made["result"]] == [f"{name}.gz" for name in TABLES[:2]]
    assert [entries[source["@id"]]["sha256"] for source in made["object"]] == ["ab12"]
    assert [one["@id"] for one in entries["#make-thamm2024-table_2"]["result"]] == [f"{TABLES[2]}.gz"]
    # Written beside the files, it does not describe itself as one of them.
    (folder / CRATE).write_text(text)
    (folder / CODECHECK).write_text("---")
    assert crate(folder, ITEMS, CITATION, "2026-11-30") == text


def test_every_address_leads_to_an_entry(folder):
    graph = json.loads(crate(folder, ITEMS, CITATION, "2026-11-30"))["@graph"]
    known = {entry["@id"] for entry in graph}
    assert len(known) == len(graph)
    for entry in graph:
        for key, value in entry.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and key not in ("conformsTo", "license"):
                    assert one["@id"] in known, (key, one)


def test_the_manifest_has_what_the_target_makes():
    found = codecheck(ITEMS, CITATION)
    assert len(found["paper"]) == len(PAPERS)
    files = [one["file"] for one in found["manifest"]]
    assert files[0].startswith("results/recorded/tables/thamm2024/table_2")
    assert files[-1] == "results/recorded/figures/fan2020/figure_1.pdf"
    assert found["manifest"][-1]["comment"].startswith("Fan and Wang (2020), Figure 1: ")
