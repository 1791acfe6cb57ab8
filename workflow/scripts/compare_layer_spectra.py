"""Conjugate kernels of every layer beside their limits, for Gaussian inputs and images (fan2020)."""

from deepspectra.nn.activations import activation
from deepspectra.papers.comparison import Comparison
from deepspectra.papers.fan2020.kernel_statistics import (
    Spectrum,
    compare_kernel,
    starting_spectrum,
)
from deepspectra.rmt.limits.layered import conjugate_kernel
from deepspectra.runtime import store
from deepspectra.runtime.job import job
from deepspectra.runtime.progress import ProgressBar

with job(snakemake.log[0], snakemake.threads):
    result = Comparison()
    total = sum(item["depth"] for item in snakemake.params.figures.values())
    with ProgressBar(total=total, desc=snakemake.wildcards.item, unit="layer") as bar:
        for path, (source, item) in zip(snakemake.input, snakemake.params.figures.items(), strict=True):
            samples, layers = item["samples"], range(1, item["depth"] + 1)
            names = ["input", *(f"{kind}conjugate_{n}" for kind in ("", "equivalent_") for n in layers)]
            found = store.read(path, dict.fromkeys(names, (samples,)))
            spectra = {name: Spectrum(found[name], found.attributes["noise_floor"][name]) for name in names}
            sigma, ratios = activation(item["activation"]), [samples / item["width"]] * item["depth"]
            ratio = samples / item["input_dimension"] if "input_dimension" in item else None
            start = starting_spectrum(spectra["input"], ratio)
            for layer in layers:
                kernel = conjugate_kernel(start, ratios, sigma.b_sigma, layer)
                pair = (spectra[f"{kind}conjugate_{layer}"] for kind in ("", "equivalent_"))
                name = f"conjugate_{layer}"
                sizes = (item["bins"], item["curve_points"])
                compare_kernel(result, f"{source}_{layer}", name, *pair, kernel, *sizes, logarithmic=True)
                bar.update()
    result.write(snakemake.output.curves, snakemake.output.summary)
