"""Every curvature spectrum in one table: eigenvalues and ratios, as published and resolved (baskerville2022)."""

import pandas as pd

from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.markdown import markdown, number
from deepspectra.runtime.tables import read_csv

DISTANCE = "KS distance of unfolded spacings to the Wigner surmise"
QUANTITIES = {
    "matrices": "matrices",
    "eigenvalues": "eigenvalues kept, mean",
    "mean_ratio": "mean min(r, 1/r)",
    "spacings_ks": DISTANCE,
}

with job(snakemake.log[0], snakemake.threads):
    summaries = {
        name: read_csv(path) for name, path in zip(snakemake.params.spectra, snakemake.input.summaries, strict=True)
    }
    histories = {
        name: read_csv(path, ("epoch",)).iloc[-1]
        for name, path in zip(snakemake.params.networks, snakemake.input.histories, strict=True)
    }
    rows = []
    for name, summary in summaries.items():
        network, _, rest = name.partition("/")
        state, split, kind = rest.split("_", 2)
        last = histories[network]
        for scope in dict.fromkeys(summary.scope):
            found = summary[summary.scope == scope].set_index(["series", "quantity"])
            row = {"network": network, "parameters": int(found.value["resolved", "parameters"])}
            row |= {"kind": kind, "state": state, "split": split, "scope": scope}
            # Of a network before training there is none.
            trained = last if state == "final" else {}
            row |= {"test_accuracy": trained.get("test_accuracy"), "test_loss": trained.get("test_loss")}
            for series in ("published", "resolved"):
                for column, quantity in QUANTITIES.items():
                    there = (series, quantity) in found.index
                    row[f"{series}_{column}"] = found.value[series, quantity] if there else None
                    if quantity.startswith("mean min"):
                        row[f"{series}_{column}_error"] = found.error[series, quantity] if there else None
                    if quantity == DISTANCE:
                        row[f"{series}_{column}_reference"] = found.reference[series, quantity] if there else None
            row["error_bound"] = found.value["resolved", "error bound, largest"]
            row["unresolved_spacings"] = found.value["resolved", "share of spacings below the error bound"]
            rows.append(row)
    table = pd.DataFrame(rows)
    write_table(table, snakemake.output.csv, float_format="%.6g")

    def mean(row: pd.Series, series: str) -> str:
        """Mean ratio with its error."""
        value, error = row[f"{series}_mean_ratio"], row[f"{series}_mean_ratio_error"]
        return number(value, 4) + ("" if pd.isna(error) else f" ± {error:.4f}")

    shown = pd.DataFrame(
        {
            "network": table.network,
            "weights": table.state.map({"final": "trained", "initial": "untrained"}),
            "P": table.parameters.map(str),
            "matrix": table.kind.map({"hessian": "Hessian", "gauss_newton": "Gauss-Newton"}),
            "of": [
                "whole " * (row.scope == "whole") + f"{row.split} set" + ", batches" * (row.scope == "batch")
                for row in table.itertuples()
            ],
            "matrices, published / resolved": [
                f"{number(row.published_matrices, 0) or 'none'} / {number(row.resolved_matrices, 0)}"
                for row in table.itertuples()
            ],
            "eigenvalues, published": table.published_eigenvalues.map(lambda x: number(x, 0)),
            "eigenvalues, resolved": table.resolved_eigenvalues.map(lambda x: number(x, 0)),
            "mean min(r, 1/r), published": [mean(row, "published") for _, row in table.iterrows()],
            "mean min(r, 1/r), resolved": [mean(row, "resolved") for _, row in table.iterrows()],
            "spacings below the error bound, %": [
                number(100 * share, 2) + " (unresolved)" * (share > 0.01) for share in table.unresolved_spacings
            ],
        }
    )
    scores = []
    for name, last in histories.items():
        is_regression = "test_loss" in last.index
        told = f"test loss {last.test_loss:.3f}" if is_regression else f"test accuracy {100 * last.test_accuracy:.1f} %"
        scores.append(f"{name} {told}")
    notes = [
        snakemake.params.scale_note,
        f"Mean min(r, 1/r): {SURMISE_MEAN:.4f} for the surmise, {GOE_MEAN} for large GOE matrices, "
        f"{POISSON_MEAN:.4f} for independent levels; ± is the standard error from resampling whole batches; of "
        "fewer than ten, at least that of blocks of ten neighbours. Eigenvalues are means over matrices: as published "
        "those of the float32 matrix above the authors' cut-off, resolved those that are not zero in float64, above "
        "their error bound. A spectrum with more than 1 % of its spacings below the bound is unresolved.",
        "P of mlp_mnist is 9960, where the paper's text prints 9860.",
        f"After training: {', '.join(scores)} (the paper: small LeNet 69 %, Bike 0.044, most of whose test rows it "
        "had trained on). Bike Sharing: the authors' batches are those of the training set, though their captions say "
        "test.",
    ]
    if snakemake.input.features:
        made = store.read(snakemake.input.features[0], {}).attributes["parameters"]
        notes.append(f"Networks on features: CIFAR-10 as features of {made['title']}.")
    write_text(
        markdown(shown, "Networks of baskerville2022: spectra as published and resolved", notes), snakemake.output.md
    )
