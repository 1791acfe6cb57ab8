"""Tables of thamm2024: accuracies, and spacing tests of every weight matrix, published and reproduced."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from deepspectra.papers.item import Table
from deepspectra.rmt.calibration import false_discovery
from deepspectra.runtime.tables import number, read_csv

__all__ = ["table_1", "table_2"]

Files = Mapping[str, Sequence[str]]

_LEVEL = 0.05
#: More than this share of spacings below the rounding of float32 weights would make a test meaningless.
_UNRESOLVED = 0.01
_TABLE_1 = ["dataset", "published_test_accuracy_percent", "test_accuracy_percent", "sampling_error_percent"]
_TABLE_1 += ["train_accuracy_percent", "epochs", "note"]
_TABLE_2 = ["network", "layer", "state", "outputs", "inputs", "published_p", "published_rejected", "statistic", "p"]
_TABLE_2 += ["rejected", "p_calibrated", "p_error", "null_draws", "q_calibrated", "rejected_calibrated", "p_bulk"]
_TABLE_2 += ["p_bulk_error", "q_bulk", "variance_p", "variance_p_error", "variance_q", "variance_p_all"]
_TABLE_2 += ["variance_p_all_error", "variance_q_all", "below_bulk", "above_bulk", "vectors_output", "ranks_output"]
_TABLE_2 += ["vectors_input", "ranks_input", "unresolved", "resolved", "note"]
#: p-values of table 2, and their names after the correction for the number of tests.
_CORRECTED = {
    "p_calibrated": "q_calibrated",
    "p_bulk": "q_bulk",
    "variance_p": "variance_q",
    "variance_p_all": "variance_q_all",
}
#: Runs of ranks that people are shown.
_RUNS = 4
_CASES = {"random": "random", "independent": "{:.0%} independent levels", "outliers": "{:.0f} outliers at either end"}
_TESTS = {
    "p": "spacings, plain",
    "p_calibrated": "spacings, calibrated",
    "p_bulk": "spacings of the bulk, calibrated",
    "variance_p": "number variance of the bulk",
    "variance_p_all": "number variance, all intervals",
}
_UNFOLDINGS = ("gaussian", "staircase", "polynomial")


def table_1(files: Files, parameters: Mapping[str, Any]) -> list[Table]:
    """Test accuracies.

    :param files: ``published``, and ``history`` of the networks trained here.
    :param parameters: ``test_images``, network -> number of test images, in the order of their histories; ``left_out``,
        networks that are not trained.
    """
    printed = read_csv(files["published"][0]).set_index("network")
    printed = printed.rename(columns={"test_accuracy_percent": "published_test_accuracy_percent"})
    found = {}
    for (network, images), path in zip(parameters["test_images"].items(), files["history"], strict=True):
        last = read_csv(path, ("epoch", "test_accuracy"), numbers=("test_accuracy",)).iloc[-1]
        found[network] = {
            "test_accuracy_percent": 100 * last.test_accuracy,
            "sampling_error_percent": 100 * (last.test_accuracy * (1 - last.test_accuracy) / images) ** 0.5,
            "train_accuracy_percent": 100 * last.train_accuracy,
            "epochs": int(last.epoch),
            "note": "",
        }
    found |= {network: {"note": "not trained at this scale: thamm2024.left_out"} for network in parameters["left_out"]}
    # Networks trained here come first.
    networks = list(dict.fromkeys((*found, *printed.index)))
    table = pd.DataFrame.from_dict(found, orient="index").join(printed, how="outer").loc[networks, _TABLE_1]
    table = table.rename_axis("network").reset_index().astype({"epochs": "Int64"})
    table = table.fillna({"dataset": "CIFAR-10", "note": "trained elsewhere; the provider's figure"})
    shown = {
        "network": table.network,
        "data": table.dataset,
        "published test accuracy, %": table.published_test_accuracy_percent.map(lambda x: number(x, 1)),
        "reproduced, %": _with_errors(table.test_accuracy_percent, table.sampling_error_percent, 1),
        "train accuracy, %": table.train_accuracy_percent.map(lambda x: number(x, 1)),
        "epochs": table.epochs.map(lambda x: "" if pd.isna(x) else str(x)),
        "": table.note,
    }
    notes = [
        "±: sampling error of the test images; other seeds vary by about as much. Train accuracy: over the last "
        "epoch's batches as they were met. Assumed where the paper is open: the learning rate decays once an epoch; of "
        "miniAlexNet: crops of 28 x 28 pixels, convolutions that keep the size, pooling with stride 2, and an L2 "
        "penalty of 1e-4 times the sum of squared weights.",
    ]
    return [Table(table, pd.DataFrame(shown), "Table 1 (thamm2024): network performance", notes, digits=4)]


def table_2(files: Files, parameters: Mapping[str, Any]) -> list[Table]:
    """Spacing tests, plain and calibrated, of trained weights and of initial ones as a control; as supplements what
    other unfoldings and windows would have given, and how often the tests reject matrices whose truth is known.

    :param files: ``published``, ``levels`` of each network, and ``level_tests``.
    """
    published = pd.read_csv(files["published"][0], dtype={"layer": str})
    published = published.rename(columns={"ks_p_value": "published_p", "reject_at_0.05": "published_rejected"})
    # The paper counts dense layers from the input and names the one convolution.
    published["layer"] = published.layer.map(lambda layer: layer if layer.startswith("conv") else f"dense{layer[-1]}")
    tests = pd.concat([read_csv(path) for path in files["levels"]], ignore_index=True)
    known = read_csv(files["level_tests"][0])
    return [
        _spacing_tests(tests[tests.unfolding == "gaussian"], published.assign(state="final")),
        _unfoldings(tests[tests.state == "final"]),
        _known_truth(known),
        _windows(known, published.published_p.to_numpy()),
    ]


def _spacing_tests(tests: pd.DataFrame, published: pd.DataFrame) -> Table:
    table = tests.merge(published, how="left", on=["network", "layer", "state"])
    # Trained weights first; the control is a family of tests of its own.
    table = table.sort_values("state", key=lambda state: state != "final", kind="stable").reset_index(drop=True)
    for p, q in _CORRECTED.items():
        table[q] = table.groupby("state")[p].transform(lambda family: false_discovery(family.to_numpy()))
    table["rejected"] = _yes_or_no(table.p, _LEVEL)
    table["rejected_calibrated"] = _yes_or_no(table.q_calibrated, _LEVEL)
    table["resolved"] = _yes_or_no(table.unresolved / (table[["outputs", "inputs"]].min(axis=1) - 1), _UNRESOLVED)
    shown = {
        "network": table.network,
        "layer": table.layer,
        "weights": table.state.map({"final": "trained", "initial": "initial (control)"}),
        "matrix": [f"{row.outputs} x {row.inputs}" for row in table.itertuples()],
        "published p; rejected at 0.05?": _with_answers(table.published_p, table.published_rejected),
        "plain p; rejected at 0.05?": _with_answers(table.p, table.rejected),
        "calibrated p": _with_errors(table.p_calibrated, table.p_error, 3),
        "false-discovery q": table.q_calibrated.map(number),
        "rejected at q = 0.05?": table.rejected_calibrated,
        "spacings of the bulk, p": _with_errors(table.p_bulk, table.p_bulk_error, 3),
        "number variance of the bulk, p": _with_errors(table.variance_p, table.variance_p_error, 3),
        "its q": table.variance_q.map(number),
        "number variance, all intervals, p": _with_errors(table.variance_p_all, table.variance_p_all_error, 3),
        "values below, above the bulk": _pairs(table.below_bulk, table.above_bulk),
        "structured vectors, output side": _counted(table.vectors_output, table.ranks_output),
        "structured vectors, input side": _counted(table.vectors_input, table.ranks_input),
        "resolved?": table.resolved,
        "": table.note,
    }
    trained, control = (table[(table.state == state) & table.p.notna()] for state in ("final", "initial"))
    notes = [
        "Kolmogorov-Smirnov test of the unfolded spacings against the Wigner surmise. "
        + _told("trained", trained)
        + (f" {_told('initial', control)}" if len(control) else ""),
        "Plain p-values are not uniform for random matrices, since the unfolding is fitted to the same levels: the "
        "median over random matrices is 0.5 to 0.75, by shape. Calibrated: (1 + k) / (N + 1) where k of N random "
        "matrices of the same shape, through the same unfolding, have at least this statistic; ± is its Monte Carlo "
        "error, which matrices of one shape share. q: Benjamini and Hochberg's over the rows of trained, and over "
        "those of initial weights.",
        "Number variance: p-value of its largest deviation from random matrices at lengths 1 to 10. Spacings and "
        "intervals of the bulk keep 2 a + 1 levels away from the edges of the Marchenko-Pastur law, those of the "
        "random matrices alike; over all intervals, as published, a single level at 1.2 times the edge makes the test "
        "reject random matrices (see the supplement on level and power). Empty: the bulk is shorter than the "
        "intervals. Resolved: at most one spacing in a hundred is below the rounding of float32 weights.",
        "Structured vectors: those whose entries are not a random unit vector's at a false discovery rate of 0.05 "
        "among the matrix's vectors of that side, and their ranks from the largest singular value (1).",
        "The paper says that no test rejects even at 0.30, and prints 0.229 and 0.160. Rows without a published value "
        "are not in the paper's. Assumed: the window of 15 means a = 7.",
    ]
    if not tests[tests.state == "final"].p.notna().all():
        notes.append(
            "To supply missing pretrained weights, put the providers' files (named in resources/weights.yaml) into a "
            "folder, delete resources/weights/ and run with `--config data='{folder: PATH}'`."
        )
    title = "Table 2 (thamm2024): spacings against the Wigner surmise"
    return Table(table[_TABLE_2], pd.DataFrame(shown), title, notes)


def _told(weights: str, made: pd.DataFrame) -> str:
    """How many tests of a family reject."""
    below = {name: int((made[name] <= _LEVEL).sum()) for name in ("p", *_CORRECTED, *_CORRECTED.values())}
    return (
        f"Of {len(made)} matrices of {weights} weights {below['p']} have a plain p-value of at most 0.05, "
        f"{below['p_calibrated']} a calibrated one, and {below['q_calibrated']} after the correction (of the bulk "
        f"alone {below['p_bulk']} and {below['q_bulk']}); of the number variance of the bulk {below['variance_p']}, "
        f"and {below['variance_q']} after the correction (over all intervals, as published, {below['variance_p_all']} "
        f"and {below['variance_q_all']})."
    )


def _known_truth(known: pd.DataFrame) -> Table:
    known = known[known.case != "window"]
    groups = known.groupby(["case", "amount"], sort=False)
    made = groups[list(_TESTS)].count()
    frame = groups[list(_TESTS)].agg(lambda p: (p.dropna() <= _LEVEL).mean())
    # All matrices share one null of N draws, by which the level f of a test varies by f (1 - f) / N.
    shared = pd.DataFrame(dict.fromkeys(_TESTS, 1 / groups.null_draws.first())).assign(p=0.0)
    errors = (frame * (1 - frame) * (1 / made + shared)) ** 0.5
    shown = pd.DataFrame({"matrices": [_CASES[case].format(amount) for case, amount in frame.index]})
    for column, words in _TESTS.items():
        shown[words] = _with_errors(frame[column].reset_index(drop=True), errors[column].reset_index(drop=True), 3)
    frame = frame.add_prefix("rejected_").assign(matrices=made.max(axis=1)).reset_index()
    shown.insert(1, "number", frame.matrices.astype(str))
    notes = [
        "Share of matrices that each test rejects at 0.05, with its standard error, in which that of the one null by "
        "which all are calibrated is counted, as of random matrices. Of purely random ones a test that holds its "
        "level rejects 0.05. Independent levels repel nobody; outliers lie beside a random bulk, from 1.2 to 2 times "
        "the upper and from 0.8 to 0.2 times the lower edge, so a test of the bulk should not see them.",
    ]
    return Table(frame, shown, "Table 2 (thamm2024), supplement: level and power of its tests", notes)


def _windows(known: pd.DataFrame, published: np.ndarray) -> Table:
    groups = known[known.case == "window"].groupby("amount").p
    rows = [
        {
            "half_window": int(amount),
            "matrices": len(p),
            "lower_quartile": p.quantile(0.25),
            "median": p.median(),
            "upper_quartile": p.quantile(0.75),
            "rejected": (p <= _LEVEL).mean(),
            "published_ks_p": float(stats.ks_2samp(p, published).pvalue),
        }
        for amount, p in groups
    ]
    low, middle, high = np.quantile(published, [0.25, 0.5, 0.75])
    frame = pd.DataFrame(rows)
    shown = {
        "a": frame.half_window.astype(str),
        "random matrices": frame.matrices.astype(str),
        "median plain p (quartiles)": [
            f"{row.median:.2f} ({row.lower_quartile:.2f} to {row.upper_quartile:.2f})" for row in frame.itertuples()
        ],
        "plain p at most 0.05": frame.rejected.map(number),
        "p of the published values": frame.published_ks_p.map(number),
    }
    notes = [
        "Plain p-values of random matrices for several half-windows a of eq. 4, and the Kolmogorov-Smirnov test "
        f"whether the paper's {published.size} p-values (median {middle:.2f}, quartiles {low:.2f} and {high:.2f}) come "
        "from them. Its matrices have other shapes as well, and nearly all are trained ones.",
    ]
    return Table(frame, pd.DataFrame(shown), "Table 2 (thamm2024), supplement: width of the broadening", notes)


def _unfoldings(tests: pd.DataFrame) -> Table:
    kinds = {"p": "plain p", "p_calibrated": "calibrated p", "in_band": "number variance in band"}
    tests = tests[tests.note.isna()].set_index(["network", "layer", "unfolding"])
    frame, shown = pd.DataFrame(), pd.DataFrame()
    for kind, words in kinds.items():
        for name in _UNFOLDINGS:
            frame[f"{name}_{kind}"] = tests[kind].xs(name, level="unfolding")
            shown[f"{words}, {name}"] = frame[f"{name}_{kind}"].map(lambda x: number(x, 2))
    frame["polynomial_zero_spacings"] = tests.zero_spacings.xs("polynomial", level="unfolding").astype(int)
    shown["zero spacings, polynomial"] = frame.polynomial_zero_spacings.astype(str)
    frame, shown = frame.reset_index(), shown.reset_index()
    notes = [
        "The same matrices by three unfoldings. gaussian: broadening, eq. 4-5. staircase: the empirical staircase, "
        "met at every fifteenth level and interpolated by a monotone cubic. polynomial: fitted to the staircase. "
        "Number variance: the share of interval lengths from 1 to 10 at which that of the bulk lies in the central 95 "
        "% of random matrices of the same shape that were unfolded and cut in the same way.",
    ]
    return Table(frame, shown, "Table 2 (thamm2024), supplement: what the unfolding does", notes)


def _with_errors(values: pd.Series, errors: pd.Series, digits: int) -> list[str]:
    pairs = zip(values, errors, strict=True)
    return ["" if pd.isna(value) else f"{value:.{digits}f} ± {error:.{digits}f}" for value, error in pairs]


def _yes_or_no(values: pd.Series, threshold: float) -> list[str]:
    return ["" if pd.isna(value) else "yes" if value <= threshold else "no" for value in values]


def _with_answers(values: pd.Series, answers: pd.Series) -> list[str]:
    return ["" if pd.isna(value) else f"{value:.3f}; {answer}" for value, answer in zip(values, answers, strict=True)]


def _pairs(below: pd.Series, above: pd.Series) -> list[str]:
    return ["" if pd.isna(one) else f"{one:.0f}, {other:.0f}" for one, other in zip(below, above, strict=True)]


def _counted(counts: pd.Series, ranks: pd.Series) -> list[str]:
    """A number, and which ones: "3 (rank 1-2, 7)"; of long lists the beginning."""
    found = []
    for count, text in zip(counts, ranks, strict=True):
        runs = [] if pd.isna(text) else text.split(", ")
        listed = ", ".join(runs[:_RUNS]) + ", ..." * (len(runs) > _RUNS)
        found.append("" if pd.isna(count) else f"{count:.0f} ({listed})" if runs else f"{count:.0f}")
    return found
