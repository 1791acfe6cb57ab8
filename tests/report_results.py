"""Made-up results for tests of the report: two papers, a table, a limit law, a network, claims with each verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from PIL import Image, PngImagePlugin

from deepspectra.papers.item import Table
from deepspectra.papers.plotted import PLOTTED
from deepspectra.report.captions import caption
from deepspectra.report.claims import read_claims
from deepspectra.report.entries import PageContents, law_entry, own_network_entry, read_entries
from deepspectra.report.item_page import render_items
from deepspectra.report.page import render_page
from deepspectra.report.tables import shown_table

#: Text that would do something in HTML if it were not escaped.
MARKUP = 'p < 0.05 & <script>alert("x")</script>'
NOTE = f"Preview scale: epochs 2 instead of 100. {MARKUP}"
CLAIMS = [
    *(("one", "thamm2024", "figure_1", "yes"), ("two", "thamm2024", "table_1", "no")),
    *(("three", "fan2020", "figure_2", "needs paper scale"), ("four", "fan2020", "text", "undecided")),
]
#: Plotted numbers: bars, a curve of more points than a page shows, and text in a series' name.
POINTS = "panel,series,x,x_high,y,note\n" + "".join(
    [f"a1,bars,{place},{place + 1},0.123456,\n" for place in range(3)]
    + [f"a1,<i>curve</i>,{place},,{place**2},\n" for place in range(1000)]
)
SUMMARY = pd.DataFrame(
    [
        ["a1", "mlp dense2", "ks_statistic", "KS statistic of spacings", 0.0282, None, None, False],
        ["a1", "mlp dense2", "ks_p", "KS p-value, plain", 0.7991, None, None, True],
        ["a1", "mlp dense2", "ks_p_calibrated", "KS p-value, calibrated", 0.665, None, None, True],
        ["a2", "|x| *y* `z` w_", "mean_ratio", "mean min(r, 1/r)", 0.5307, 0.002, 0.5359, True],
        ["a2", "|x| *y* `z` w_", "parameters", "parameters", 7850, None, None, True],
        ["b2", "|x| *y* `z` w_", "mean_ratio", "mean min(r, 1/r)", 0.5307, 0.002, 0.5359, True],
        ["b2", "|x| *y* `z` w_", "parameters", "parameters", 7850, None, None, True],
    ],
    columns=["panel", "series", "quantity", "label", "value", "error", "reference", "told"],
)


def write_claims(path: Path, **changes: str) -> Path:
    """A claims file; ``changes`` are values of its first row."""
    rows = []
    for key, paper, item, verdict in CLAIMS:
        row = {"id": key, "paper": paper, "item": item, "claim": f"Claim {key}: {MARKUP}", "quantity": "ratio"}
        row |= {"published": 0.5307, "scrutiny": "ratio, resolved", "bounds_set": "before", "source": "figure"}
        for question, numbers in (("published", (0.529, 0.523, 0.535)), ("scrutiny", (0.51234567, None, None))):
            bounds = {"low": 0.52, "high": 0.54, "scale": "any", "null": 0.01}
            found = dict(zip(("value", "from", "to"), numbers, strict=True)) | {"draws": 5, "remark": None}
            found |= {"verdict": verdict if question == "published" else "no", "reason": "5 batches"}
            row |= {f"{question}_{part}": value for part, value in (bounds | found).items()}
        row |= {"robust": "no", "analyses": "bulk alone: p < 0.05, yes", "replicated": "5 seeds"}
        rows.append(row)
    rows[0] |= changes
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def write_results(folder: Path) -> None:
    """Figures, captions, a table and claims as the workflow leaves them."""
    places = [
        *(("figures/thamm2024/figure_1", "thamm2024/figure_1"), ("figures/fan2020/figure_2", "fan2020/figure_2")),
        ("limits/own", "limits/own"),
    ]
    for place, name in places:
        base = folder / place
        base.parent.mkdir(parents=True, exist_ok=True)
        values = PngImagePlugin.PngInfo()
        values.add_text(PLOTTED, json.dumps([[0.5, 0.25, "bars: 1, 2 < 3"]]))
        Image.linear_gradient("L").resize((1650, 900)).save(base.with_suffix(".png"), pnginfo=values)
        base.with_suffix(".pdf").write_bytes(b"%PDF")
        base.with_suffix(".csv").write_text(POINTS)
        if "limits" not in place:
            numbers = folder / "statistics" / f"{name}.csv"
            numbers.parent.mkdir(parents=True, exist_ok=True)
            SUMMARY.to_csv(numbers, index=False)
        else:
            base.with_name("own_summary.csv").write_text("quantity,label,number,value\nmass,mass,,1\nnote,,,kink\n")
        (folder / "captions" / name).parent.mkdir(parents=True, exist_ok=True)
        text = caption(
            "own: spacings" if "limits" in place else "Spacings of eigenvalues",
            NOTE,
            None if "limits" in place else SUMMARY,
        )
        (folder / "captions" / f"{name}.txt").write_text(text)
    network = folder / "my_networks/mine"
    network.mkdir(parents=True)
    Image.linear_gradient("L").resize((1650, 900)).save(network / "overview.png")
    for name in ("overview.pdf", "index.html", "summary.md"):
        (network / name).write_text("made up")
    (network / "matrices.csv").write_text("name,rank\ndense1,60\ndense2,30\n")
    (folder / "captions/my_networks").mkdir()
    found = caption("mine: weight matrices", "after.pt", lines=[MARKUP, "Nothing is random."])
    (folder / "captions/my_networks/mine.txt").write_text(found)
    table = folder / "tables/thamm2024/table_1"
    table.parent.mkdir(parents=True)
    shown = pd.DataFrame({f"column {number}": [MARKUP, "a|b", None if number else "last"] for number in range(9)})
    made = Table(shown, shown, "Table 1 (thamm2024): accuracies", ["Second note."])
    table.with_suffix(".json").write_text(shown_table(made, NOTE).as_json(), encoding="utf-8")
    table.with_suffix(".md").write_text("# Table 1\n")
    shown.to_csv(table.with_suffix(".csv"))
    (folder / "claims.md").write_text("# Claims\n", encoding="utf-8")
    write_claims(folder / "claims.csv")


def contents_of(folder: Path, record: Path | None = None) -> PageContents:
    """What the pages of these results show; with a record, that it has figure 1 and table 1 of the first paper."""

    contents = {"thamm2024": ["figure_1", "table_1"], "fan2020": ["figure_2"]}
    items = {paper: read_entries(folder, paper, names) for paper, names in contents.items()}
    return PageContents(
        scale="preview scale",
        reduced=dict.fromkeys(items, "Preview scale: epochs 2 instead of 100."),
        entries=items,
        claims=read_claims(folder / "claims.csv"),
        laws=[law_entry("own", folder)],
        networks=[own_network_entry("mine", folder)],
        recorded={"thamm2024": read_entries(folder, "thamm2024", contents["thamm2024"], record)} if record else {},
        recorded_claims=read_claims(record / "claims.csv") if record else [],
    )


def page_of(folder: Path) -> str:
    """The first page of these results."""
    return render_page(contents_of(folder))


def pages_of(folder: Path, record: Path | None = None) -> dict[str, str]:
    """All of their pages by their addresses."""
    contents = contents_of(folder, record)
    return dict(render_items(contents, folder)) | {"report.html": render_page(contents)}


def write_pages(folder: Path, record: Path | None = None) -> None:
    """The same as files."""
    for address, text in pages_of(folder, record).items():
        (folder / address).parent.mkdir(parents=True, exist_ok=True)
        (folder / address).write_text(text, encoding="utf-8")
