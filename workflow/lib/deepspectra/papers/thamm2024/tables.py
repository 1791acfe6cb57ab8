"""Tables of thamm2024: accuracies, and spacing tests of every weight matrix, published and reproduced."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

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
_TABLE_2 = ["network", "layer", "outputs", "inputs", "published_p", "published_rejected", "statistic", "p", "rejected"]
_TABLE_2 += ["p_calibrated", "p_error", "null_draws", "q_calibrated", "rejected_calibrated", "variance_p"]
_TABLE_2 += ["variance_p_error", "variance_q", "unresolved", "resolved", "note"]
_UNFOLDINGS = ("gaussian", "staircase", "polynomial")


def table_1(files: Files, parameters: Mapping[str, Any]) -> list[Table]:
    """Test accuracies.

    :param files: ``published``, and ``history`` of the networks trained here.
    :param parameters: ``test_images``, network -> number of test images, in the order of their histories.
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
    """Spacing tests, plain and calibrated, and as a supplement what other unfoldings would have given.

    :param files: ``published``, and ``levels`` of each network.
    """
    published = pd.read_csv(files["published"][0], dtype={"layer": str})
    published = published.rename(columns={"ks_p_value": "published_p", "reject_at_0.05": "published_rejected"})
    # The paper counts dense layers from the input and names the one convolution.
    published["layer"] = published.layer.map(lambda layer: layer if layer.startswith("conv") else f"dense{layer[-1]}")
    tests = pd.concat([read_csv(path) for path in files["levels"]], ignore_index=True)
    tests = tests[tests.state == "final"]
    return [_spacing_tests(tests, published.set_index(["network", "layer"])), _unfoldings(tests)]


def _spacing_tests(tests: pd.DataFrame, published: pd.DataFrame) -> Table:
    table = tests[tests.unfolding == "gaussian"].join(published, on=["network", "layer"]).reset_index(drop=True)
    table["q_calibrated"] = false_discovery(table.p_calibrated)
    table["variance_q"] = false_discovery(table.variance_p)
    table["rejected"] = _yes_or_no(table.p, _LEVEL)
    table["rejected_calibrated"] = _yes_or_no(table.q_calibrated, _LEVEL)
    table["resolved"] = _yes_or_no(table.unresolved / (table[["outputs", "inputs"]].min(axis=1) - 1), _UNRESOLVED)
    shown = {
        "network": table.network,
        "layer": table.layer,
        "matrix": [f"{row.outputs} x {row.inputs}" for row in table.itertuples()],
        "published p": table.published_p.map(number),
        "published: rejected at 0.05?": table.published_rejected.fillna(""),
        "plain p": table.p.map(number),
        "plain: rejected at 0.05?": table.rejected,
        "calibrated p": _with_errors(table.p_calibrated, table.p_error, 3),
        "false-discovery q": table.q_calibrated.map(number),
        "calibrated: rejected at q = 0.05?": table.rejected_calibrated,
        "number variance, calibrated p": _with_errors(table.variance_p, table.variance_p_error, 3),
        "number variance, false-discovery q": table.variance_q.map(number),
        "resolved?": table.resolved,
        "": table.note,
    }
    made = table.p.notna()
    judged = ("p", "p_calibrated", "q_calibrated", "variance_p", "variance_q")
    below = {name: int((table[name] <= _LEVEL).sum()) for name in judged}
    notes = [
        "Kolmogorov-Smirnov test of the unfolded spacings against the Wigner surmise. "
        f"{below['p']} of {int(made.sum())} plain p-values are at most 0.05, {below['p_calibrated']} of the calibrated "
        f"ones, and {below['q_calibrated']} after the correction. Of the number variance: {below['variance_p']} "
        f"calibrated ones, and {below['variance_q']} after the correction.",
        "Plain p-values are not uniform for random matrices, since the unfolding is fitted to the same levels: the "
        "median over random matrices is 0.5 to 0.75, by shape. Calibrated: (1 + k) / (N + 1) where k of N random "
        "matrices of the same shape, through the same unfolding, have at least this statistic; ± is its Monte Carlo "
        "error, which matrices of one shape share. q: Benjamini and Hochberg's over the table's rows.",
        "Number variance: p-value of its largest deviation from random matrices at lengths 1 to 10. Resolved: at most "
        "one spacing in a hundred is below the rounding of float32 weights.",
        "The paper says that no test rejects even at 0.30, and prints 0.229 and 0.160. Matrices are those of the "
        "trained weights; rows without a published value are not in the paper's. Assumed: the window of 15 means "
        "a = 7.",
    ]
    if not made.all():
        notes.append(
            "To supply missing weights, put the providers' files (named in resources/weights.yaml) into a folder, "
            "delete resources/weights/ and run with `--config data='{folder: PATH}'`."
        )
    title = "Table 2 (thamm2024): spacings against the Wigner surmise"
    return Table(table[_TABLE_2], pd.DataFrame(shown), title, notes)


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
        "Number variance: the share of interval lengths from 1 to 10 at which it lies in the central 95 % of random "
        "matrices of the same shape that were unfolded in the same way.",
    ]
    return Table(frame, shown, "Table 2 (thamm2024), supplement: what the unfolding does", notes)


def _with_errors(values: pd.Series, errors: pd.Series, digits: int) -> list[str]:
    pairs = zip(values, errors, strict=True)
    return ["" if pd.isna(value) else f"{value:.{digits}f} ± {error:.{digits}f}" for value, error in pairs]


def _yes_or_no(values: pd.Series, threshold: float) -> list[str]:
    return ["" if pd.isna(value) else "yes" if value <= threshold else "no" for value in values]
