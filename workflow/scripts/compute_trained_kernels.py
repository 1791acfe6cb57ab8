"""Kernel matrices of one network before and after training, and its outputs (fan2020, section 4.3)."""

import numpy as np
import torch

from deepspectra.data.kernel_tasks import load_kernel_task
from deepspectra.nn.activations import activation
from deepspectra.nn.architectures.ntk_mlp import kernel_network
from deepspectra.nn.networks import load_parameters, parameters_of
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.job import choose_device, job
from deepspectra.runtime.progress import ProgressBar
from deepspectra.runtime.tables import read_csv
from deepspectra.spectra.kernels import network_kernels

with job(snakemake.log[0], snakemake.threads):
    network, training = snakemake.params.network, snakemake.params.training
    device = choose_device(snakemake.config["device"])
    task = load_kernel_task(network, training, snakemake.input.data or None)
    sigma = activation(network["activation"])
    model = kernel_network(task.train.inputs.shape[1], network["hidden"], sigma)
    states = ("initial", "final")
    shapes = {f"{state}/{name}": array.shape for state in states for name, array in parameters_of(model).items()}
    trained = store.read(snakemake.input.weights, shapes)
    x = task.train.inputs.T
    arrays = {"input": (x.T @ x).numpy(), "train_targets": task.train.targets.numpy()}
    arrays["test_targets"] = task.test.targets.numpy()

    with ProgressBar(total=4 * len(network["hidden"]), desc=snakemake.wildcards.network, unit="layer") as bar:

        def report(line: str) -> None:
            bar.set_postfix_str(line, refresh=False)
            bar.update()

        for state in states:
            load_parameters(model, {name: trained[f"{state}/{name}"] for name in parameters_of(model)})
            exact = model.double()
            weights = [layer.weight for name, layer in exact.named_children() if hasattr(layer, "weight")]
            kernels = network_kernels(x, weights[:-1], weights[-1], sigma, device=device, report=report)
            for layer, gram in enumerate(kernels.grams[1:], 1):
                arrays[f"{state}/conjugate_{layer}"] = gram.cpu().numpy()
            arrays[f"{state}/tangent"] = kernels.tangent.cpu().numpy()
            with torch.no_grad():
                arrays[f"{state}/train_outputs"] = exact(task.train.inputs).numpy()
                arrays[f"{state}/test_outputs"] = exact(task.test.inputs).numpy()
            model = exact.float()
    # The samples are drawn or read anew: another version of how would make kernels of a network on other data.
    error = float(np.mean((arrays["test_targets"] - arrays["final/test_outputs"]) ** 2))
    told = float(read_csv(snakemake.input.history, ("test_loss",)).test_loss.iloc[-1])
    if not abs(error - told) <= 1e-3 * told + 1e-6:
        raise UserError(
            f"{snakemake.input.weights} was trained on other samples: its error on the test samples is {error:.6g} and "
            f"was {told:.6g} after training. Train it anew: snakemake --forcerun train_network."
        )
    store.write(
        snakemake.output[0],
        arrays,
        parameters={"network": network, "training": training},
        inputs=snakemake.input,
        seed=network["seed"],
        dtype="float64",
    )
