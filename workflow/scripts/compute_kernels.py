"""Kernel matrices of one random network and of its linear equivalent (fan2020)."""

import logging

import torch

from deepspectra.data.samples import gaussian_samples, image_samples
from deepspectra.nn.activations import activation
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.kernels import lemma_tangent, linear_equivalent, mean_tangent, random_network_kernels

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    device, dtype = choose_device(snakemake.config["device"]), getattr(torch, item["dtype"])
    if "input_dimension" in item:
        x = gaussian_samples(item["input_dimension"], item["samples"], item["seed"])
    else:
        images = store.read(snakemake.input[0], {"train_images": (50_000, 32, 32, 3)})["train_images"]
        x = image_samples(images, item["samples"], item["removed_components"], item["seed"])
    widths, sigma = [item["width"]] * item["depth"], activation(item["activation"])
    matrices, differences = {}, {}

    with ProgressBar(total=3 * item["depth"], desc=snakemake.wildcards.item, unit="layer") as bar:

        def report(line: str) -> None:
            logger.info(line)
            bar.set_postfix_str(line, refresh=False)
            bar.update()

        options = {"device": device, "dtype": dtype, "accumulation": getattr(torch, item["accumulation"])}
        options |= {"scratch": snakemake.resources.tmpdir, "report": report}
        network = random_network_kernels(x, widths, sigma, item["seed"], **options)
        for layer, gram in enumerate(network.grams[1:], 1):
            matrices[f"conjugate_{layer}"] = gram.cpu().numpy()
        matrices["tangent"] = network.tangent.cpu().numpy()
        matrices["lemma_tangent"] = lemma_tangent(network.grams, sigma.b_sigma, sigma.a_sigma).cpu().numpy()
        mean, cut_off = mean_tangent(network.grams, sigma)
        matrices["mean_tangent"] = mean.cpu().numpy()
        logger.info("mean sensitivities: entries are known to %.2g", cut_off)
        if network.tangent_difference:
            # What sums in the networks' own arithmetic would have cost: largest entry, norm relative to the kernel's.
            told = {f"conjugate_{layer}": each for layer, each in enumerate(network.gram_differences[1:], 1)}
            told["tangent"] = network.tangent_difference
            differences = {f"difference/{name}": [d.largest_entry, d.relative_norm] for name, d in told.items()}
        del network, gram, mean
        linear = linear_equivalent(x, widths, sigma.b_sigma, sigma.a_sigma, item["seed"], **options)
        for layer, gram in enumerate(linear.grams[1:], 1):
            matrices[f"equivalent_conjugate_{layer}"] = gram.cpu().numpy()
        matrices["equivalent_tangent"] = linear.tangent.cpu().numpy()

    store.write(
        snakemake.output[0],
        # In float64 whatever the networks' dtype: many of its eigenvalues are zero, and zero they shall be.
        matrices | {"input": x.T @ x} | differences,
        parameters=item,
        inputs=snakemake.input,
        seed=item["seed"],
        dtype=item["dtype"],
    )
