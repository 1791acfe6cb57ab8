"""Kernel matrices of one network before and after training, and its outputs (fan2020, section 4.3)."""

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.runtime import store
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.spectra.kernels.trained import check_test_error, trained_matrices

with job(snakemake.log[0], snakemake.threads):
    network, training, files = snakemake.params.network, snakemake.params.training, snakemake.input
    hidden, sigma = network["hidden"], activation(network["activation"])
    task = load_kernel_task(network, training, files.data or None)
    model = kernel_network(task.train.inputs.shape[1], hidden, sigma)
    device = choose_device(snakemake.config["device"])
    with ProgressBar(total=4 * len(hidden), desc=snakemake.wildcards.network, unit="layer") as bar:
        arrays = trained_matrices(model, files.weights, task, sigma, device=device, report=bar.advance)
    check_test_error(arrays, files.history, files.weights)
    about = {"parameters": {"network": network, "training": training}, "seed": network["seed"], "dtype": "float64"}
    store.write(snakemake.output[0], arrays, inputs=files, **about)
