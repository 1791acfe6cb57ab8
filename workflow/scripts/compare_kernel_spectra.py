"""Limit laws of conjugate and tangent kernel, histograms, and the distance between them (fan2020)."""

from deepspectra.nn.activations import activation
from deepspectra.papers.comparison import Comparison
from deepspectra.papers.fan2020.kernel_statistics import (
    Spectrum,
    compare_input,
    compare_kernel,
    compare_stand_ins,
    starting_spectrum,
)
from deepspectra.rmt.limits.layered import conjugate_kernel, tangent_kernel
from deepspectra.runtime import store
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    samples, depth, bins, points = (item[key] for key in ("samples", "depth", "bins", "curve_points"))
    last = f"conjugate_{depth}"
    names = ("input", last, "tangent", "mean_tangent", "lemma_tangent", f"equivalent_{last}", "equivalent_tangent")
    found = store.read(snakemake.input[0], dict.fromkeys(names, (samples,)))
    spectra = {name: Spectrum(found[name], found.attributes["noise_floor"][name]) for name in names}
    sigma, ratios = activation(item["activation"]), [samples / item["width"]] * depth
    # Gaussian inputs have a limit law, images stand for themselves.
    ratio = samples / item["input_dimension"] if "input_dimension" in item else None
    start = starting_spectrum(spectra["input"], ratio)

    result = Comparison()
    compare_input(result, "a", spectra["input"], ratio, bins, points)
    conjugate = conjugate_kernel(start, ratios, sigma.b_sigma)
    compare_kernel(result, "b", "conjugate", spectra[last], spectra[f"equivalent_{last}"], conjugate, bins, points)
    tangent = tangent_kernel(start, ratios, sigma.b_sigma, sigma.a_sigma)
    pair = (spectra["tangent"], spectra["equivalent_tangent"])
    law = compare_kernel(result, "c", "tangent", *pair, tangent, bins, points)
    stand_ins = {"mean": spectra["mean_tangent"], "lemma": spectra["lemma_tangent"]}
    compare_stand_ins(result, "c", spectra["tangent"], stand_ins, spectra["equivalent_tangent"], law, bins)
    smallest = spectra["tangent"].eigenvalues[0]
    result.summary.append(
        ("c", "tangent", "smallest eigenvalue / r_plus", smallest / tangent.shift, law.edges[0][0] / tangent.shift)
    )

    if snakemake.params.compared:
        for panel, series, name in (("b", "conjugate", last), ("c", "tangent", "tangent")):
            largest, relative = store.read(snakemake.input[0], {f"difference/{name}": (2,)})[f"difference/{name}"]
            result.summary += [
                (panel, series, "largest change of an entry by float32 sums", largest, None),
                (panel, series, "relative change of the kernel by float32 sums", relative, None),
            ]

    # The reference of a KS distance is that of the linear equivalent, the limit's own model at the same size; of all
    # else it is the limit.
    result.write(snakemake.output.curves, snakemake.output.summary)
