import json

from deepspectra.config import RECORDED, SCALES, load_settings
from deepspectra.papers.registry import PAPERS
from deepspectra.planning import items
from deepspectra.planning.recorded import Recorded, read_kept, record_targets
from tests import ROOT

SUMMARY = "statistics/fan2020/figure_scaling"
KEPT = Recorded(frozenset({f"{SUMMARY}.csv"}), frozenset({"fan2020/figure_1", "thamm2024/table_1"}))


def test_a_record_is_known_by_its_names(tmp_path):
    assert read_kept(tmp_path) == Recorded()
    assert record_targets(Recorded()) == []
    (tmp_path / "tables/a").mkdir(parents=True)
    (tmp_path / "tables/a/table_1.csv.gz").touch()
    (tmp_path / "jobs.csv").touch()
    (tmp_path / "items.json").write_text(json.dumps({"schema": 1, "settings": {}, "items": {"a/table_1": {}}}))
    kept = read_kept(tmp_path)
    assert kept == Recorded(frozenset({"tables/a/table_1.csv"}), frozenset({"a/table_1"}))
    assert "results/recorded/report.html" in record_targets(kept)


def test_its_settings_are_those_of_the_files_whatever_a_user_sets():
    mine = {"fan2020": {"figure_1": {"width": 77}}, "device": "cpu"}
    filed, own = load_settings(ROOT / "config"), load_settings(ROOT / "config", mine)
    assert RECORDED not in SCALES
    for paper in PAPERS:
        assert getattr(own[RECORDED], paper) == getattr(filed["record"], paper)
    assert own["record"].fan2020.figure_1.width == 77
    assert not own[RECORDED].limit_laws
    assert not own[RECORDED].my_networks


def test_claims_are_read_from_what_is_kept_alone():
    settings = load_settings(ROOT / "config")
    assert items.result_tables(settings[RECORDED], RECORDED, KEPT) == [SUMMARY]
    assert len(items.result_tables(settings["record"], "record", KEPT)) > 10
    assert items.result_files(settings[RECORDED], RECORDED, KEPT) == [f"results/recorded/{SUMMARY}.csv"]
    assert {items.absent_words(scale) for scale in (*SCALES, RECORDED)} == {
        "{}.csv is not made with these settings",
        "not in the record yet",
    }


def test_the_page_of_a_run_shows_the_finished_items_of_the_record():
    shown = {"thamm2024": ["table_1"], "baskerville2022": [], "fan2020": ["figure_1"], "pennington2017": []}
    assert items.report_contents(RECORDED, KEPT) == items.recorded_contents({}, "preview", KEPT) == shown
    assert items.recorded_contents({}, "preview", Recorded()) == {}
    files = items.recorded_files({}, "preview", KEPT)
    assert {"results/recorded/figures/fan2020/figure_1.png", "results/recorded/claims.csv"} <= set(files)
    assert "results/recorded/tables/thamm2024/table_1.json" in files
    # Smoke scale tries every rule, and the record has no other beside it.
    for scale in ("smoke", RECORDED):
        assert items.recorded_contents({}, scale, KEPT) == {}
        assert items.recorded_files({}, scale, KEPT) == []
    assert len(items.report_contents("preview", KEPT)["fan2020"]) == 11


def test_every_item_that_is_shown_has_a_page():
    """Supplements of tables too; of the record those that it has."""
    first, *pages = items.report_pages("{scale}", KEPT, shown=RECORDED)
    assert first == "results/{scale}/report.html"
    assert pages == [f"results/{{scale}}/items/{name}.html" for name in ("thamm2024/table_1", "fan2020/figure_1")]
    pages = items.report_pages("preview", KEPT)
    assert "results/preview/items/thamm2024/table_2_tests.html" in pages
    assert len(pages) == 1 + sum(map(len, items.report_contents("preview", KEPT).values()))
    own = {"my_networks": {"mine": {"file": "mine.npz"}}, "limit_laws": None, "scale": "smoke"}
    others = items.report_pages("smoke", KEPT, load_settings(ROOT / "config", own)["smoke"])
    assert set(others) - set(items.report_pages("smoke", KEPT)) == {"results/smoke/items/my_networks/mine.html"}


def test_a_command_names_its_run():
    """Nothing in a preview, which is what a command makes by itself."""
    settings = load_settings(ROOT / "config", {"run": "mine", "scale": "smoke"})
    found = [items.run_options(settings, scale) for scale in ("preview", RECORDED, "paper", "mine")]
    assert found == ["", "", "--config scale=paper -- ", "--config run=mine scale=smoke -- "]


def test_figures_of_smaller_sizes_take_what_the_record_has_as_published():
    own = {"run": "mine", "baskerville2022": {"networks": {"mlp_deep_mnist": {"hidden": [7, 8]}}}}
    filed, settings, figure = (
        load_settings(ROOT / "config", {"run": "mine"}),
        load_settings(ROOT / "config", own),
        "figure_8",
    )
    kept = Recorded(
        frozenset(), frozenset({"baskerville2022/figure_4", f"baskerville2022/{figure}", "fan2020/figure_1"})
    )

    def taken(item, scale, paper="baskerville2022"):
        return items.recorded_numbers(filed, settings, paper, item, scale, kept)

    folder = "results/recorded/statistics/baskerville2022"
    for scale in ("preview", "mine"):
        assert taken(figure, scale) == [f"{folder}/{figure}_curves.csv", f"{folder}/{figure}.csv"]
    # Runs of published sizes have their own, smoke scale tries rules, and the record has no others.
    for scale in ("smoke", "record", "paper", RECORDED):
        assert taken(figure, scale) == []
    assert taken("figure_7", "preview") == taken("figure_1", "preview", "fan2020") == []
    # The record's network is another one than the user's.
    assert taken("figure_4", "mine") == []
