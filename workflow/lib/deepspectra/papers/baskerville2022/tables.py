"""Every curvature spectrum in one table: eigenvalues and ratios, as published and resolved (baskerville2022)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from deepspectra.papers.baskerville2022.names import parts_of
from deepspectra.papers.item import Table
from deepspectra.rmt.laws.ratios import GOE_MEAN, POISSON_MEAN, SURMISE_MEAN
from deepspectra.runtime import store
from deepspectra.runtime.tables import number, read_csv

__all__ = ["tabulate_networks"]

_SERIES = ("published", "resolved")
#: Columns of either series: quantity of the spectra's summaries, and column there.
_COLUMNS = {
    "matrices": ("matrices", "value"),
    "eigenvalues": ("kept_mean", "value"),
    "mean_ratio": ("mean_ratio", "value"),
    "mean_ratio_error": ("mean_ratio", "error"),
    "spacings_ks": ("unfolded_ks", "value"),
    "spacings_ks_reference": ("unfolded_ks", "reference"),
}


def tabulate_networks(files: Mapping[str, Sequence[str]], parameters: Mapping[str, Any]) -> list[Table]:
    """The table of networks: one row for each spectrum of batches or of a whole set.

    :param files: ``summaries`` of the ``spectra`` that the parameters name, and ``histories`` of the ``networks``;
        ``features``, the file that knows the network that made them, or none.
    """
    trained = zip(parameters["networks"], files["histories"], strict=True)
    histories, rows = {name: read_csv(path, ("epoch",)).iloc[-1] for name, path in trained}, []
    for name, path in zip(parameters["spectra"], files["summaries"], strict=True):
        network, state, split, kind = parts_of(name)
        summary = read_csv(path)
        # There is none before training.
        scores = histories[network] if state == "final" else {}
        for scope, numbers in summary.groupby("scope", sort=False):
            found = numbers.set_index(["series", "quantity"])
            row = {"network": network, "parameters": int(found.value["resolved", "parameters"])}
            row |= {"kind": kind, "state": state, "split": split, "scope": scope}
            row |= {column: scores.get(column) for column in ("test_accuracy", "test_loss")}
            for series in _SERIES:
                for column, (quantity, values) in _COLUMNS.items():
                    row[f"{series}_{column}"] = found[values].get((series, quantity))
            row["error_bound"] = found.value["resolved", "error_bound"]
            row["unresolved_spacings"] = found.value["resolved", "unresolved_share"]
            rows.append(row)
    told = ", ".join(f"{name} {_score(last)}" for name, last in histories.items())
    notes = [
        f"Mean min(r, 1/r): {SURMISE_MEAN:.4f} for the surmise, {GOE_MEAN} for large GOE matrices, "
        f"{POISSON_MEAN:.4f} for independent levels; ± is the standard error from resampling whole batches; of "
        "fewer than ten, at least that of blocks of ten neighbours. Eigenvalues are means over matrices: as published "
        "those of the float32 matrix above the authors' cut-off, resolved those that are not zero in float64, above "
        "their error bound. A spectrum with more than 1 % of its spacings below the bound is unresolved.",
        "P of mlp_mnist is 9960, where the paper's text prints 9860.",
        f"After training: {told} (the paper: small LeNet 69 %, Bike 0.044, most of whose test rows it "
        "had trained on). Bike Sharing: the authors' batches are those of the training set, though their captions say "
        "test.",
    ]
    for path in files["features"]:
        backbone = store.read(path, {}).attributes["parameters"]
        notes.append(f"Networks on features: CIFAR-10 as features of {backbone['title']}.")
    table = pd.DataFrame(rows)
    return [Table(table, _shown(table), "Networks of baskerville2022: spectra as published and resolved", notes)]


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    rows = list(table.itertuples())
    return pd.DataFrame(
        {
            "network": table.network,
            "weights": table.state.map({"final": "trained", "initial": "untrained"}),
            "P": table.parameters.map(str),
            "matrix": table.kind.map({"hessian": "Hessian", "gauss_newton": "Gauss-Newton"}),
            "of": [f"whole {row.split} set" if row.scope == "whole" else f"{row.split} set, batches" for row in rows],
            "matrices, published / resolved": [
                f"{number(row.published_matrices, 0) or 'none'} / {number(row.resolved_matrices, 0)}" for row in rows
            ],
            **{f"eigenvalues, {name}": [number(n, 0) for n in table[f"{name}_eigenvalues"]] for name in _SERIES},
            **{f"mean min(r, 1/r), {name}": _means(table, name) for name in _SERIES},
            "spacings below the error bound, %": [
                number(100 * share, 2) + " (unresolved)" * (share > 0.01) for share in table.unresolved_spacings
            ],
        }
    )


def _means(table: pd.DataFrame, series: str) -> list[str]:
    means = zip(table[f"{series}_mean_ratio"], table[f"{series}_mean_ratio_error"], strict=True)
    return [number(value, 4) + ("" if pd.isna(error) else f" ± {error:.4f}") for value, error in means]


def _score(last: pd.Series) -> str:
    regression = "test_loss" in last
    return f"test loss {last.test_loss:.3f}" if regression else f"test accuracy {100 * last.test_accuracy:.1f} %"
