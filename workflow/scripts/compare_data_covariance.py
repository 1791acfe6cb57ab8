"""L1 distances between pooled spectra and the first layer's limit law (pennington2017, figure 1)."""

import numpy as np
import pandas as pd

from deepspectra.nn.activations.families.rectifier import rectifier_zeta
from deepspectra.rmt.distances import binned_distance, expected_binned_distance
from deepspectra.rmt.limits.quartic import NonlinearLaw
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

COLUMNS = ["panel", "series", "layer", "zeta", "x", "y"]

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    widths = item["input_dimensions"]
    names = {f"n0_{n0}/{spectrum}": spectrum for n0 in widths for spectrum in ("first", "last", "equivalent")}
    rows, summary, floors = [], [], {}
    for alpha, path in zip(item["alphas"], snakemake.input, strict=True):
        zeta = min(rectifier_zeta(alpha), 1.0)
        law = NonlinearLaw(1.0, zeta, item["phi"], item["psi"])
        support = law.support()
        edges = np.linspace(support[0][0], support[-1][1], item["bins"] + 1)
        # The bins between the edges, and all that lies outside on either side.
        probabilities = np.diff(np.concatenate([[0.0], law.cdf(edges), [1.0]]))
        spectra = store.read(path, {name: ("realisations " + name, "width " + name) for name in names})
        distances = {}
        for n0 in widths:
            for spectrum, panel in (("first", "a"), ("last", "b"), ("equivalent", "a")):
                pooled = spectra[f"n0_{n0}/{spectrum}"].ravel()
                distance = binned_distance(pooled, edges, probabilities)
                distances[spectrum, n0] = distance
                series = f"equivalent alpha={alpha:g}" if spectrum == "equivalent" else f"alpha={alpha:g}"
                rows.append((panel, series, item["layers"] if panel == "b" else 1, zeta, n0, distance))
            floors.setdefault(n0, []).append(expected_binned_distance(probabilities, pooled.size))
        for panel, spectrum in (("a", "first"), ("b", "last")):
            series, values = f"alpha={alpha:g}", []
            for which, n0 in (("largest", widths[-1]), ("smallest", widths[0])):
                values.append(distances[spectrum, n0])
                reference = distances["equivalent", n0]
                summary.append((panel, series, f"L1 distance at the {which} width", values[-1], reference))
            summary.append((panel, series, "ratio largest to smallest width", values[0] / values[1], None))
    for panel in "ab":
        layer = item["layers"] if panel == "b" else 1
        rows += [(panel, "sampling", layer, None, n0, np.mean(floors[n0])) for n0 in widths]
    references = pd.DataFrame(rows, columns=COLUMNS)
    references = references[references.series.str.startswith("equivalent")].groupby("x").y.mean()
    rows += [("b", "equivalent", item["layers"], None, n0, references[n0]) for n0 in widths]

    write_table(pd.DataFrame(rows, columns=COLUMNS), snakemake.output.curves)
    # The reference is the distance of the first layer's Gaussian equivalent of the same size from the same limit.
    write_table(
        pd.DataFrame(summary, columns=["panel", "series", "quantity", "value", "reference"]), snakemake.output.summary
    )
