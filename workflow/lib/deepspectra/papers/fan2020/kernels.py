"""The kernels that the figures of Fan and Wang (2020) show: names and parameters, from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepspectra.papers.fan2020.settings import Fan2020, KernelNetwork, KernelSpectra

__all__ = ["image_settings", "kernel_settings", "network_kernel_names", "shown_kernels", "sums_are_compared"]
__all__ += ["trained_network"]


def kernel_settings(figure: KernelSpectra) -> dict[str, Any]:
    """All settings that determine the kernels of a random network: not those that say how a figure shows them."""
    return figure.model_dump(exclude={"bins", "curve_points"})


def sums_are_compared(figure: KernelSpectra) -> bool:
    """Whether sums have more digits than the networks, so that the difference is known."""
    return figure.accumulation != figure.dtype


def trained_network(paper: Fan2020, item: str) -> str:
    """Name of the network whose kernels before and after training a figure shows."""
    return getattr(paper, item).network


def network_kernel_names(network: KernelNetwork) -> list[str]:
    """Kernels of a trained network: the conjugate kernel of every layer, and the tangent kernel."""
    return [*(f"conjugate_{layer}" for layer, _ in enumerate(network.hidden, 1)), "tangent"]


def shown_kernels(paper: Fan2020, item: str) -> list[str]:
    """The panels of a figure: in figure S5 the conjugate kernel of every layer, otherwise the last and the tangent."""
    names = network_kernel_names(paper.network(trained_network(paper, item)))
    return names[:-1] if item == "figure_s5" else names[-2:]


def image_settings(paper: Fan2020, item: str) -> dict[str, Any]:
    """The images of figure 2, and what a figure shows of them."""
    images = paper.figure_2.model_dump(include={"samples", "removed_components", "seed"})
    return images | getattr(paper, item).model_dump()
