"""Made-up tables such as the workflow leaves, in which the true value of every claim's number is known."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022.names import CUT_OFFS
from deepspectra.papers.rows import Row, summary_table

RATIO, SPACINGS = "mean min(r, 1/r)", "KS distance of {} spacings to the Wigner surmise"
SEMICIRCLE = "KS distance to the semicircle of equal variance"
UNRESOLVED = "share of spacings below the error bound"
#: Shares below cut-offs: farthest from the authors' 0.610 below 1e-6, and nothing counts below 1e-10.
SHARES = {1e-40: 0.9, 1e-30: 0.9, 1e-20: 0.9, 1e-10: 0.36, 1e-8: 0.38, 1e-6: 0.53, 1e-4: 0.92}
SIZES = {
    "kept_mean": 40,
    "matrices": 50,
    "parameters": 100,
    "ratios": 1000,
    "unfolded_spacings": 400,
    "uncut_spacings": 900,
}


TRAINED = ["mlp512_seed1", "mlp512_seed2", "mlp512_seed3", "mlp1024", "minialexnet"]
MLP1024S = ["mlp1024", "mlp1024_seed2", "mlp1024_seed3"]
#: The second and third training are shorter.
CONVOLUTIONAL = ["minialexnet", "minialexnet_seed2", "minialexnet_seed3"]
#: 101 vectors: the 15 with the largest singular values have p 0.1 and 0.3, the 15 smallest 0.2, others 0.5; but three
#: of the largest and one in the middle are significant.
P = np.full(101, 0.5)
P[-15:] = [0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.3, 1e-6, 1e-6, 1e-6]
P[:15], P[50] = 0.2, 1e-6


def through_csv(rows, columns):
    """As a script reads it."""
    return pd.read_csv(io.StringIO(pd.DataFrame(rows, columns=columns).to_csv(index=False)))


def summary(rows):
    """Rows (panel, series, quantity, value) or with a reference and an error."""
    full = [(*row, *[None] * (6 - len(row))) for row in rows]
    return through_csv(full, ["panel", "series", "quantity", "value", "reference", "error"])


def written(rows, *columns):
    """A summary of rows, as a script reads it."""
    return pd.read_csv(io.StringIO(summary_table(rows, "reference", *columns).to_csv(index=False)))


def scaling_rows():
    """Distances at two sizes, 30 draws and 5; in each panel and kernel another multiple. Inner products at three."""
    measures = ["ks_distance", "ks_distance_after_common_factor", "total_variation", "total_variation_of_99_percent"]
    rows = []
    for panel, part in zip("abc", (1, 2, 3), strict=True):
        # Not on a line of their logarithms.
        for n, largest in ((100, 0.5), (200, 0.3), (400, 0.2 + part / 100)):
            rows.append(Row(panel, "inputs", "largest_inner_product", "", largest, at=n))
        rows.append(Row(panel, "gaussian", "largest_inner_product_exponent", "", -0.4 * part, None, 0.08 * part))
        rows += [
            Row(panel, "gaussian", "largest_inner_product_draws", "", draws, at=n) for n, draws in ((100, 30), (400, 5))
        ]
        for kernel, times in (("conjugate", part), ("tangent", 10 * part)):
            further = ["lemma_error", "ks_distance_to_lemma", "smallest_over_r_plus"] if kernel == "tangent" else []
            for place, measure in enumerate(measures + further, 1):
                value = times * place / 1000
                for n, draws in ((100, 30), (400, 5)):
                    rows.append(Row(panel, kernel, measure, "", 100 * value / n, value / 10, at=n))
                    ends = {"lowest": 0.9, "median": 1.1, "highest": 1.3}
                    rows += [
                        Row(panel, kernel, f"{measure}_{end}", "", 400 * value / n * x, at=n) for end, x in ends.items()
                    ]
                    rows.append(Row(panel, kernel, f"{measure}_draws", "", draws, at=n))
                rows.append(Row(panel, kernel, f"{measure}_exponent", "", -value, None, value / 5))
    return rows


def fan2020():
    layers = [("largest_ks_distance", (0.004, 0.012, 0.002)), ("growth", (1.4, 1.5, 1.7))]
    rows = []
    for panel, name, after in (("a", "conjugate_3", 2.0), ("b", "tangent", 3.0)):
        rows.append(Row(panel, name, "beyond_edge_after", "", after))
        rows += [Row("seeds", name, "beyond_edge_after", "", after + seed**2, 1.0, at=seed) for seed in range(3)]
    seeds = {"mean_squared_error": (2e-4, 1e-4, 3e-4), "r_squared": (0.8, 0.7, 0.82), "label_share": (0.97, 0.96, 0.9)}
    for name, values in seeds.items():
        rows += [Row("seeds", "networks", name, "", value, at=seed) for seed, value in enumerate(values)]
    figures = {
        "figure_scaling": scaling_rows(),
        "figure_3": rows,
        "figure_s1": [
            Row("b", "after", "pairs", "", 4950),
            *(Row("choices", "after", "shrinkage", "", 0.125 + choice / 100, at=choice) for choice in range(3)),
        ],
        "figure_s4": [
            Row("draws", "gaussian", quantity, "", value, at=draw)
            for quantity, values in layers
            for draw, value in enumerate(values)
        ],
    }
    return {name: through_csv(summary_table(rows, "reference", "error", "at"), None) for name, rows in figures.items()}


def pennington2017():
    rows = []
    for alpha, fall, last in (("-1", 0.25, 1.3), ("0", 0.2, 0.3), ("1", 0.1, 0.05)):
        rows.append(("a", f"alpha={alpha}", "l1_distance_at_largest_width", 0.01, 0.008, 0.001))
        rows.append(("a", f"alpha={alpha}", "ratio_of_largest_to_smallest_width", fall, 0.2, fall / 10))
        rows.append(("b", f"alpha={alpha}", "l1_distance_at_largest_width", last, 0.008, 0.002))
    losses = []
    for panel in "ab":
        for beta in (-2, 0):
            worst = 2 if (panel, beta) == ("b", 0) else 1
            place = panel, f"beta={beta}"
            losses.append(Row(*place, "quintics", "", 3))
            losses.append(Row(*place, "spread_of_quintics", "", 0.01 * worst, 0.03 * worst))
            losses.append(Row(*place, "ridgeless_deviation_of_quintics", "", 3e-9 * worst))
        for number, (large, small) in enumerate(((0.01, 0.04), (0.02, 0.06), (0.03, 0.1)), 1):
            worse = 1.5 if (panel, number) == ("b", 3) else 1
            name = "largest_deviation_of_quintic"
            losses.append(Row(panel, "all", name, "", large * worse, small * worse, at=number))
        losses.append(Row(panel, "all", "homogeneity_gap", "", 1e-10 if panel == "a" else 2e-10))
        losses.append(Row(panel, "all", "theory_falls_with_beta", "", 1.0))
    constants = [("a", "f1", "gaussian_mean", 0.5, 0.0)]
    constants += [
        ("a", f"f{n}", name, one + gap, one) for n, gap in ((1, 0.0), (2, 2.0**-40)) for name, one in (("eta", 1.0),)
    ]
    constants += [("b", f"f{n}", "zeta", 1e-14, 0.0) for n in (1, 2)]
    return {"figure_1": summary(rows), "figure_2": written(losses, "at"), "figure_3": summary(constants)}


def panel_rows(panel, scope="batch", ratio=0.53, error=0.002, unresolved=0.0, published=True):
    """A panel's numbers, as ``gather_panels`` makes them; as published everything is 0.01 more."""
    rows = []
    for series, more in (("resolved", 0.0), ("published", 0.01))[: 1 + published]:
        rows.append((panel, scope, series, "mean_ratio", ratio + more, error))
        rows += [(panel, scope, series, name, value) for name, value in SIZES.items()]
        if scope == "batch":
            rows.append((panel, scope, series, "unfolded_ks", 0.03 + more, None, 0.012))
    rows.append((panel, scope, "resolved", "unresolved_share", unresolved))
    if published:
        rows.append((panel, scope, "published", "uncut_ks", 0.09, None, 0.012))
        rows.append((panel, scope, "published", "semicircle_ks", 0.4))
        shares = {"unfolded": (0.1, 0.3, 0.4), "ratio": (0.5, 0.6, 0.7)}
        for cut, values in shares.items():
            names = (f"below_{cut}_cut_{end}" for end in ("smallest", "mean", "largest"))
            rows += [(panel, scope, "published", *pair) for pair in zip(names, values, strict=True)]
    return rows


def curvature(*parts, features=""):
    """A summary; ``features``: panels that show a network on features."""
    columns = ["panel", "scope", "series", "quantity", "value", "error", "reference", "spectrum", "label"]
    spectra = {True: "logistic_features/final", False: "mlp/final"}
    return through_csv(
        [
            (*row, *[None] * (7 - len(row)), spectra[bool(row[0]) and row[0] in features], "features of ResNet-34")
            for rows in parts
            for row in rows
        ],
        columns,
    )


def baskerville2022():
    features = [(None, None, "resolved", "features", 512)]
    process = [("all", "process", "samples", 100)]
    for panel, mean in zip("abcdef", (0.53, 0.531, 0.532, 0.53, 0.529, 0.53), strict=True):
        process.append((panel, "plain", "mean_ratio", mean, 0.5307, 0.001))
    process += [(panel, "changed", "mean_ratio", 0.5307 - gap, 0.5307, 0.003) for panel, gap in
                (("d", 0.001), ("e", 0.004), ("f", 0.009))]  # fmt: skip
    # A network has a row for each of its spectra, and some have further trainings.
    scores = {"lenet_cifar10": 0.68, "lenet_cifar10_seed2": 0.69, "lenet_cifar10_seed3": 0.7, "mlp_bike": None}
    table = {"network": [*scores, "mlp_bike", "lenet_cifar10"], "state": ["final"] * 5 + ["initial"]}
    table |= {"test_accuracy": [*scores.values(), None, None], "test_loss": [None] * 3 + [0.05, 0.05, None]}
    whole = [*panel_rows("c", "whole", 0.52, 0.004), *panel_rows("d", "whole", 0.51, 0.003, published=False)]
    figures = {item: curvature(panel_rows("a"), panel_rows("b")) for item in ("1", "4", "7", "8", "9", "a10", "a12")}
    figures["1"] = curvature(panel_rows("b"), panel_rows("c"))
    figures["3"] = curvature(panel_rows("a"), panel_rows("b"), whole, features, features="abc")
    figures["a11"] = curvature(panel_rows("a", ratio=0.525, error=0.003), panel_rows("b", error=0.004), whole)
    figures["a13"] = curvature(panel_rows("a"), panel_rows("b", ratio=0.527, error=0.003), whole)
    figures["a14"] = curvature(panel_rows("a"), panel_rows("b"), panel_rows("c"), features, features="c")
    shares = [("b", CUT_OFFS, cut, share) for cut, share in SHARES.items()]
    shares += [("b", "unfolded", 1e-10, 0.9), ("a", CUT_OFFS, 1e-10, 0.9)]
    controls = []
    for panel, outside in (("a", 4), ("b", 3), ("c", 1)):
        for series, count, mean in (("resolved", 9, 0.51), ("GOE, equal density", outside, 0.53)):
            controls += [(panel, series, "matrices", 156), (panel, series, "mean_ratio", mean, None, 0.001)]
            controls.append((panel, series, "tenths_outside", count))
        controls.append((panel, "Gaussian inputs", "tenths_outside", 0))
    figures["controls"] = summary([row for row in controls if row[1:3] != ("resolved", "tenths_outside")])
    figures["a14_curves"] = through_csv(shares, ["panel", "statistic", "x", "y"])
    figures["5"] = summary(
        [("a", "pooled", "semicircle_ks", 0.06, 0.001, 0.002), ("a", "pooled", "semicircle_groups", 10)]
    )
    figures["6"] = summary(process)
    return {f"figure_{item}": table for item, table in figures.items()} | {
        "table_networks": through_csv(table, list(table))
    }


def thamm2024():
    networks = [*TRAINED, "alexnet", "mlp1024_seed2", "mlp1024_seed3"]
    # 100 images; the last but two is a provider's.
    accuracy = [50.0, 51.0, 52.0, 53.0, 54.0, None, 52.5, 52.0]
    errors = [None if p is None else (p * (100 - p) / 100) ** 0.5 for p in accuracy]
    table_1 = {"network": networks, "test_accuracy_percent": accuracy, "sampling_error_percent": errors}
    table_1["note"] = [None] * 5 + ["trained elsewhere", None, None]
    # The last row is of a further training, which the paper does not have.
    trained = ["mlp512_seed1", "mlp512_seed2", "mlp1024", "alexnet", "vgg19"]
    table_2 = {
        "network": [*trained, "mlp512_seed1", "mlp1024", "minialexnet", "mlp1024_seed2"],
        "state": ["final"] * 5 + ["initial"] * 4,
        "published_p": [0.3, 0.4, 0.5, None, 0.6, None, None, None, None],
        "p": [0.04, 0.2, 0.9, 0.01, None, 0.01, 0.5, 0.02, 0.001],
        "p_bulk": [0.03, 0.05, 0.8, 0.01, None, 0.4, 0.5, 0.6, 0.001],
        "q_bulk": [0.075, 0.075, 0.8, 0.01, None, 0.6, 0.6, 0.6, 0.001],
        "variance_p": [0.01, 0.02, 0.03, 0.5, None, 0.02, 0.5, 0.9, 0.001],
        "variance_p_all": [0.01, 0.02, 0.3, 0.01, None, 0.0, 0.0, 0.0, 0.0],
        "null_draws": [999, 999, 999, 999, None, 999, 999, 999, 999],
        "vectors_output": [9, 9, 9, 9, None, 0, 3, 0, 9],
        "vectors_input": [9, 9, 9, 9, None, 1, 0, 0, 9],
    }
    window = {"half_window": [5, 7, 10], "published_ks_p": [0.1, 0.5, 0.4]}
    tests = []
    for series, p in (("mlp1024 dense2", 0.8), ("vgg19 dense3", 0.6)):
        tests.append(Row("a", series, "ks_p", "", p))
        tests.append(Row("a", series, "ks_p_calibrated", "", p - 0.2))
        tests.append(Row("a", series, "ks_p_calibrated_error", "", 0.03))
    tests.append(Row("a", "alexnet dense2", "weights_not_available", "weights not available here (no network)"))
    full = {0.1: 0.4, 0.3: 0.5, 1.0: 0.9, 1.5: 0.83, 5.0: 0.5, 10.0: 0.5}
    linearised = {0.1: 0.2, 0.3: 0.2, 1.0: 0.5, 1.5: 0.5, 5.0: 0.4, 10.0: 0.3}
    sweep = [Row("a", "full", "test_accuracy", "", value, at=alpha) for alpha, value in full.items()]
    sweep += [Row("a", "linearised", "test_accuracy", "", value, at=alpha) for alpha, value in linearised.items()]
    regimes = []
    # Each seed differs by one more step.
    for step, seed in enumerate(TRAINED[:3]):
        for name, accuracy, count, p, slope, error in (
            ("_alpha0.5", 0.5, 16, 0.5, 0.1, 0.03),
            ("", 0.6 + step / 100, 4, 0.3 - step / 100, 0.2, 0.03),
            ("_alpha5", 0.35, 1 + step, 0.4, 0.15 + step / 100, 0.04),
        ):
            regimes.append(Row("b", f"{seed}{name} dense2", "number_variance_slope", "", slope, 0.15))
            regimes.append(Row("b", f"{seed}{name} dense2", "number_variance_slope_error", "", error))
            regimes.append(Row("a", f"{seed}{name}", "test_accuracy", "", accuracy - step / 100))
            regimes.append(
                Row("a", f"{seed}{name}", "values_above_initial", "", count + 4 * step * (name != "_alpha5"))
            )
            regimes.append(Row("b", f"{seed}{name} dense2", "ks_p", "", p))
            regimes.append(Row("b", f"{seed}{name} dense2", "ks_p_calibrated", "", p - 0.1))
        best = {1.5: 1.0} if step == 2 else {}
        for alpha, value in (full | best).items():
            sweep.append(Row("seeds", f"{seed} full", "test_accuracy", "", value, at=alpha))
            less = linearised[alpha] - step / 50
            sweep.append(Row("seeds", f"{seed} linearised", "test_accuracy", "", less, at=alpha))
    sweep.append(Row("a", "full", "diverged_runs", "", 1, 0, at=0.05))
    sweep += [Row("b", "full", "train_accuracy", "", 0.99, at=alpha) for alpha in full]
    return {
        "table_1": through_csv(table_1, list(table_1)),
        "table_2": through_csv(table_2, list(table_2)),
        "table_2_window": through_csv(window, list(window)),
        "figure_1": written(tests),
        "figure_3": written(regimes),
        "figure_4": written(sweep, "at"),
        **{f"networks/{name}_levels": levels(place) for place, name in enumerate([*TRAINED[:4], *MLP1024S[1:]])},
        **{f"networks/{name}_vectors": vectors(place) for place, name in enumerate(TRAINED[:4])},
        **{
            f"networks/{seed}_alpha{alpha}_vectors": vectors(place)
            for place, seed in enumerate(TRAINED[:3])
            for alpha in (0.5, 5)
        },
        **{f"networks/{name}_levels": levels(place, "conv2") for place, name in enumerate(CONVOLUTIONAL)},
        **{
            f"networks/{name}_vectors": pd.concat([vectors(place, "conv2"), vectors(place, "dense1", P / 2 + 0.2)])
            for place, name in enumerate(CONVOLUTIONAL)
        },
        **{
            f"networks/{name}_history": through_csv(
                [(epoch, 0.1 * epoch + place / 100) for epoch in range(1, 7 - place)], ["epoch", "test_accuracy"]
            )
            for place, name in enumerate(CONVOLUTIONAL)
        },
    }


def levels(place, layer="dense2"):
    """Tests of one network; other layers, states and unfoldings differ."""
    columns = ["layer", "state", "unfolding", "p", "variance_p_all", "p_calibrated", "variance_p"]
    columns += ["initial_law_distance"]
    tests = (0.5 + place / 20, 0.4 + place / 20, 0.2 + place / 10, 0.3 + place / 10)
    rows = [(layer, "final", "gaussian", *tests, 0.9), ("dense3", "final", "gaussian", 0.0, 0.0, 0.0, 0.0, 0.0)]
    rows += [(layer, "initial", "gaussian", 0.0, 0.0, 0.0, 0.0, 0.01 + place / 1000)]
    rows += [(layer, state, "staircase", 0.0, 0.0, 0.0, 0.0, 0.8) for state in ("initial", "final")]
    return through_csv(rows, columns)


def vectors(place=0, layer="dense2", p=P):
    """Vectors whose p-values are :data:`P`, calibrated 10 % smaller and more so in later networks.

    One more in the middle and one at a small value have a q of 0.05 than have p-values that low.
    """
    side = pd.DataFrame({"rank": np.linspace(0, 1, len(p)), "p": p, "p_calibrated": p * (0.9 - place / 100)})
    side["q"] = np.where(p < 1e-5, 0.01, 0.9)
    side.loc[[5, 40], "q"] = 0.05
    side = side.assign(layer=layer, state="final", side="output")
    # None of these counts, and the rows' order does not.
    others = [side.assign(p=0.99, **other) for other in ({"layer": "flat"}, {"state": "initial"}, {"side": "input"})]
    return pd.concat([*others, side]).sample(frac=1, random_state=0)


def tables():
    """All of them, by name."""
    found = {}
    for make in (thamm2024, baskerville2022, fan2020, pennington2017):
        for name, table in make().items():
            folder = "tables" if name.startswith("table") else "statistics"
            found[name if name.endswith("_history") else f"{folder}/{make.__name__}/{name}"] = table
    return found
