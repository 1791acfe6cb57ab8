"""Table 2 of thamm2024: spacing tests, published and reproduced, plain and calibrated; and what the unfolding does."""

import pandas as pd

from deepspectra.rmt.calibration import false_discovery
from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.markdown import markdown, number
from deepspectra.runtime.tables import read_csv

LEVEL = 0.05

with job(snakemake.log[0], snakemake.threads):
    published = pd.read_csv(snakemake.input.published, dtype={"layer": str})
    # The paper counts dense layers from the input; the one convolution is named.
    published["layer"] = published.layer.map(lambda layer: layer if layer.startswith("conv") else f"dense{layer[-1]}")
    printed = published.set_index(["network", "layer"])
    tests = pd.concat([read_csv(path) for path in snakemake.input.levels], ignore_index=True)
    tests = tests[tests.state == "final"]
    table = tests[tests.unfolding == "gaussian"].reset_index(drop=True)
    places = [(row.network, row.layer) for row in table.itertuples()]
    for column, name in (("published_p", "ks_p_value"), ("published_rejected", "reject_at_0.05")):
        table[column] = [printed[name].get(place) for place in places]
    table["q_calibrated"] = false_discovery(table.p_calibrated)
    table["variance_q"] = false_discovery(table.variance_p)
    for column, values in (("rejected", table.p), ("rejected_calibrated", table.q_calibrated)):
        table[column] = pd.Series(["" if pd.isna(p) else ("yes" if p <= LEVEL else "no") for p in values])
    # More than one spacing in a hundred below the rounding of float32 weights would make a test meaningless.
    share = table.unresolved / (table[["outputs", "inputs"]].min(axis=1) - 1)
    table["resolved"] = ["" if pd.isna(x) else ("yes" if x <= 0.01 else "no") for x in share]
    columns = [
        "network",
        "layer",
        "outputs",
        "inputs",
        "published_p",
        "published_rejected",
        "statistic",
        "p",
        "rejected",
        "p_calibrated",
    ]
    columns += ["p_error", "null_draws", "q_calibrated", "rejected_calibrated", "variance_p"]
    columns += ["variance_p_error", "variance_q", "unresolved", "resolved", "note"]
    write_table(table[columns], snakemake.output.csv, float_format="%.6g")

    shown = pd.DataFrame(
        {
            "network": table.network,
            "layer": table.layer,
            "matrix": [f"{row.outputs} x {row.inputs}" for row in table.itertuples()],
            "published p": table.published_p.map(number),
            "published: rejected at 0.05?": table.published_rejected.fillna(""),
            "plain p": table.p.map(number),
            "plain: rejected at 0.05?": table.rejected,
            "calibrated p": [
                "" if pd.isna(row.p_calibrated) else f"{row.p_calibrated:.3f} ± {row.p_error:.3f}"
                for row in table.itertuples()
            ],
            "false-discovery q": table.q_calibrated.map(number),
            "calibrated: rejected at q = 0.05?": table.rejected_calibrated,
            "number variance, calibrated p": [
                "" if pd.isna(row.variance_p) else f"{row.variance_p:.3f} ± {row.variance_p_error:.3f}"
                for row in table.itertuples()
            ],
            "number variance, false-discovery q": table.variance_q.map(number),
            "resolved?": table.resolved,
            "": table.note,
        }
    )
    made = table.p.notna()
    judged = ("p", "p_calibrated", "q_calibrated", "variance_p", "variance_q")
    below = {name: int((table[name] <= LEVEL).sum()) for name in judged}
    notes = [
        snakemake.params.scale_note,
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
    write_text(markdown(shown, "Table 2 (thamm2024): spacings against the Wigner surmise", notes), snakemake.output.md)

    # What another unfolding would have given.
    rows = []
    for (network, layer), part in tests[tests.note.isna()].groupby(["network", "layer"], sort=False):
        row = {"network": network, "layer": layer}
        for test in part.itertuples():
            row |= {f"{test.unfolding}_{name}": getattr(test, name) for name in ("p", "p_calibrated", "in_band")}
        row["polynomial_zero_spacings"] = int(part[part.unfolding == "polynomial"].zero_spacings.iloc[0])
        rows.append(row)
    names = ("gaussian", "staircase", "polynomial")
    kinds = {"p": "plain p", "p_calibrated": "calibrated p", "in_band": "number variance in band"}
    columns = ["network", "layer", *(f"{name}_{kind}" for kind in kinds for name in names), "polynomial_zero_spacings"]
    unfolding = pd.DataFrame(rows, columns=columns)
    write_table(unfolding, snakemake.output.unfolding, float_format="%.6g")
    headed = unfolding[["network", "layer"]].copy()
    for kind, words in kinds.items():
        for name in names:
            headed[f"{words}, {name}"] = unfolding[f"{name}_{kind}"].map(lambda x: number(x, 2))
    headed["zero spacings, polynomial"] = unfolding.polynomial_zero_spacings.astype(str)
    notes = [
        snakemake.params.scale_note,
        "The same matrices by three unfoldings. gaussian: broadening, eq. 4-5. staircase: the empirical staircase, "
        "met at every fifteenth level and interpolated by a monotone cubic. polynomial: fitted to the staircase. "
        "Number variance: the share of interval lengths from 1 to 10 at which it lies in the central 95 % of random "
        "matrices of the same shape that were unfolded in the same way.",
    ]
    write_text(
        markdown(headed, "Table 2 (thamm2024), supplement: what the unfolding does", notes),
        snakemake.output.unfolding_md,
    )
