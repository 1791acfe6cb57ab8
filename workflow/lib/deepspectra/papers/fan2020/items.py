"""The figures of Fan and Wang (2020)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from deepspectra.papers.item import Item

if TYPE_CHECKING:
    from deepspectra.papers.fan2020.settings import Fan2020

__all__ = ["ITEMS"]

_GIVEN = (
    "Dashed (given Gram): our own law, semi-empirical, which takes inner products of inputs as they are, where the "
    "theorems put 0, and for the NTK the noise of its sensitivities and a scale that is measured on the same network. "
    "One draw."
)
_REFERENCE = (
    "KS: Kolmogorov-Smirnov distance of the eigenvalues to the limit; in brackets, of one linear network with "
    "independent noise that has the same limit, at the same size. Mean sensitivities: this network's NTK with every "
    "$S_l^\\top S_l$ at its mean over the weights, given the inner products and norms below. With lemma 3.5: the "
    "sum of conjugate kernels that the lemma puts there. From the NTK to the first, finite width is left out; from the "
    "first to the second, the size of inner products. One draw of the weights: all vary several-fold between draws "
    "(figure scaling). Above: as published, 100 bins (open) on linear axes; TV, total variation: half the L1 distance "
    "between shares of eigenvalues and of the limit in these bins, over the full range and over the lower 99 %. Below: "
    "the lower 70 % of a crowded spectrum (without the lowest half per cent), or else the whole. " + _GIVEN
)
_SPECTRA = (
    "Filled: after training; outline: before, at random weights, whose limit law is red. Densities of ln(lambda), "
    "since trained spectra spread over decades. Dashed: upper edge of the limit; marks below the axis: eigenvalues "
    "beyond 1.1 times it, a longer bulk among them; arrows: outliers, the ones above a gap of a factor of 1.5. "
    "Numbers: before → after; eigenvalues at zero are not drawn. "
)
_LABELS = "Share of the labels: squared norm of their projection on the leading eigenvectors over their squared norm. "

_DRAWS = (
    "Each dot is one network with new weights; lines are medians over the draws of a size; layers have as many neurons "
    "a sample as in figure 1 or 2. KS: Kolmogorov-Smirnov distance to the limit. Total variation: half the L1 distance "
    "between the published histogram (100 bins, linear, the lower 99 %) and the limit in its bins. Exponents of n: "
    "least squares of ln(distance) on ln(n) over all draws, with HC3 standard errors. Images are one random choice a "
    "size, the same whatever is removed; the limits start from their own spectra."
)

# Settings of figures 1 and 2 that networks of other sizes share, and those of which they have the proportions.
_DRAWN_LIKE = ("depth", "activation", "dtype")
_PROPORTIONS = ("figure_1.samples", "figure_1.input_dimension", "figure_1.width", "figure_2.samples", "figure_2.width")
# Networks of figure S4, and others like the first.
_LAYERS_OF = ["figure_1", "figure_2"]
_FURTHER = "draws_gaussian"


def _spectra_files(*names: str) -> dict[str, list[str]]:
    return {"spectra": [f"spectra/fan2020/{name}.h5" for name in names]}


def _initial_files(*names: str) -> dict[str, list[str]]:
    """Spectra at random weights, and what the law of the given Gram matrix is solved with."""
    return _spectra_files(*names) | {"laws": [f"laws/fan2020/{name}.h5" for name in names]}


def _histories(names: Sequence[str]) -> list[str]:
    return [f"networks/{name}_history.csv" for name in names]


def _activation(node: Any) -> str:
    return f"nn.activations.{node.activation}"


def _at_initialisation(item: str, title: str, note: str, published_share: float = 1.0) -> Item:
    """Spectra of one random network; ``published_share``: of its eigenvalues, in the upper row."""
    return Item(
        title=title,
        note=f"{_REFERENCE} {note}",
        numbers="statistics.spectra:kernel_spectra_numbers",
        drawing="figures:draw_kernel_spectra",
        inputs=lambda paper: _initial_files(item),
        parameters=lambda paper: getattr(paper, item).model_dump() | {"published_share": published_share},
        spectra=lambda paper: [item],
        loads=lambda paper: [_activation(getattr(paper, item))],
        minutes=30,
    )


def _after_training(item: str, title: str, note: str, drawing: str = "draw_kernels_and_labels") -> Item:
    def network(paper: Fan2020) -> str:
        return getattr(paper, item).network

    def course(paper: Fan2020) -> list[str]:
        """Networks whose course is shown: none where a figure has layers alone; with other seeds in figure 3."""
        if item == "figure_s5":
            return []
        others = paper.figure_3.seeds if item == "figure_3" else []
        return [network(paper), *(paper.at_seed(network(paper), seed) for seed in others)]

    def inputs(paper: Fan2020) -> dict[str, list[str]]:
        shown, names = [network(paper)], course(paper)
        files = {"weights": [f"networks/{name}.h5" for name in names], "histories": _histories(names)}
        is_image = paper.network(network(paper)).data == "cifar10"
        data = ["resources/data/cifar10.h5"] if names and is_image else []
        files["further_spectra"] = _spectra_files(*names[1:])["spectra"]
        return _spectra_files(*shown) | {"history": _histories(shown)} | files | {"data": data}

    def parameters(paper: Fan2020) -> dict[str, Any]:
        entry = paper.network(network(paper))
        # Figure S5 shows the conjugate kernel of every layer, the others the last and the tangent kernel.
        shown = entry.kernel_names[:-1] if item == "figure_s5" else entry.kernel_names[-2:]
        values = {"item": getattr(paper, item), "network": entry, "training": paper.training}
        dumped = {key: node.model_dump() for key, node in values.items()}
        return {"kernels": shown, "seeds": [paper.network(name).model_dump() for name in course(paper)]} | dumped

    return Item(
        title=title,
        note=_SPECTRA + note,
        numbers="statistics.training:trained_spectra_numbers",
        drawing=f"figures:{drawing}",
        inputs=inputs,
        parameters=parameters,
        spectra=lambda paper: course(paper) or [network(paper)],
        shaped_by=lambda paper: ["training", f"networks.{network(paper)}"],
        loads=lambda paper: [_activation(paper.network(network(paper))), "nn.architectures.ntk_mlp"],
        minutes=30,
    )


def _of_images(item: str, title: str, note: str, numbers: str, drawing: str) -> Item:
    keys = ("samples", "removed_components", "seed")

    def memory(paper: Fan2020) -> float:
        """CIFAR-10, a few copies of the chosen images, and inner products of all pairs with their indices."""
        return 1400 + 8 * (8 * paper.figure_2.samples * 3072 + 4 * paper.figure_2.samples**2) / 1e6

    return Item(
        title=title,
        note=note,
        numbers=f"statistics.images:{numbers}",
        drawing=f"figures:{drawing}",
        inputs=lambda paper: {"images": ["resources/data/cifar10.h5"]},
        parameters=lambda paper: paper.figure_2.model_dump(include=set(keys)) | getattr(paper, item).model_dump(),
        shaped_by=lambda paper: [f"figure_2.{key}" for key in keys],
        memory_mb=memory,
        minutes=30,
    )


def _of_draws(
    title: str,
    note: str,
    function: str,
    drawn: Callable[[Fan2020], Sequence[str]],
    shaped_by: Sequence[str],
    proportions: tuple[str, ...],
) -> Item:
    """Distances of many networks to their limits; ``drawn`` are their kinds of inputs."""
    return Item(
        title=title,
        note=f"{_DRAWS} {note}",
        numbers=f"statistics.scaling:{function}_numbers",
        drawing=f"scaling_figures:draw_{function}",
        inputs=lambda paper: _spectra_files(*(f"draws_{inputs}" for inputs in drawn(paper))),
        parameters=lambda paper: {inputs: paper.draws(inputs) for inputs in drawn(paper)},
        spectra=lambda paper: [f"draws_{inputs}" for inputs in drawn(paper)],
        shaped_by=lambda paper: shaped_by,
        proportions=proportions,
        loads=lambda paper: [_activation(paper.figure_1), _activation(paper.figure_2)],
        minutes=60,
    )


ITEMS = {
    "figure_1": _at_initialisation(
        "figure_1",
        "Spectra of the input Gram matrix, conjugate and tangent kernel with their limit laws, Gaussian inputs",
        "Assumed: float32 arithmetic for the networks (eigenvalues in float64), the bins.",
    ),
    "figure_2": _at_initialisation(
        "figure_2",
        "Spectra of the input Gram matrix, conjugate and tangent kernel with their limit laws, CIFAR-10",
        "Assumed: pixel values as they are, mean image removed, then the principal components, then every sample "
        "scaled to unit norm; float32 arithmetic. (a) has no limit law: the limits of (b) and (c) start from its "
        "eigenvalues, and their wiggles at the upper end follow single ones of them. The lemma asks for inner products "
        "that vanish as n grows; those of images do not (figure S1).",
    ),
    "figure_3": _after_training(
        "figure_3",
        "Spectra of conjugate and tangent kernel before and after training on one neuron, and its labels",
        f"{_LABELS}Published: mean squared error 1e-4, test R^2 0.81, 96 % of the labels on two eigenvectors. Assumed: "
        "Adam with Keras's constants, a new order in each epoch, fresh points of the sphere for the test, kernels in "
        "float64. Adam's rate is constant, so that errors fluctuate from epoch to epoch; in brackets the range of R^2 "
        "over the last third of the epochs. (e), (f): data, weights and order of every seed. Every term by which "
        "the NTK exceeds the CK has the readout's square as a factor: as the readout shrinks, the trained NTK turns "
        "into the CK, where the paper says elongated.",
    ),
    "figure_s1": _of_images(
        "figure_s1",
        "Inner products of pairs of CIFAR-10 images before and after principal components are removed",
        "All pairs of the images of figure 2. r.m.s.: root mean square, in brackets that of independent directions in "
        "3072 dimensions. Assumed: centred means without the mean image of the chosen ones; norms are set to one last. "
        "Other random choices of images have one number each in the summary.",
        "inner_product_numbers",
        "draw_inner_products",
    ),
    "figure_s2": _at_initialisation(
        "figure_s2",
        "Spectra of conjugate and tangent kernel with their limit laws, CIFAR-10 with all components",
        "Images and weights of figure 2. Assumed: the mean image is removed all the same, and every sample scaled to "
        "unit norm; float32 arithmetic. Single large eigenvalues lie far to the right: the upper row shows the lower "
        "99 %, since they would leave all others a single bar of the full range.",
        published_share=0.99,
    ),
    "figure_s3": _of_images(
        "figure_s3",
        "Images of CIFAR-10 before and after their leading principal components are removed",
        "Below each image the share of its centred squared norm that is left. Assumed: the first images of figure 2's "
        "random choice; after the removal grey is zero, and the largest size in an image is black or white.",
        "example_image_numbers",
        "draw_example_images",
    ),
    "figure_s4": Item(
        title="Spectra of the conjugate kernels of every layer with their limit laws, Gaussian inputs and CIFAR-10",
        note="Networks of figure 1 (above) and figure 2 (below). KS: Kolmogorov-Smirnov distance of the eigenvalues to "
        "the limit of theorem 3.4; in brackets, of the linear network with independent noise that has the same limit, "
        "at the same size. Densities of ln(lambda), in which the bulks at small and large eigenvalues are seen to "
        "merge. The limits below start from the images' own eigenvalues, and their wiggles follow single ones. "
        "The summary has numbers of other networks like figure 1's too: figure scaling's, at its largest size. "
        + _GIVEN,
        numbers="statistics.spectra:layer_spectra_numbers",
        drawing="figures:draw_layer_spectra",
        inputs=lambda paper: _initial_files(*_LAYERS_OF) | {"draws": _spectra_files(_FURTHER)["spectra"]},
        parameters=lambda paper: {
            "figures": {item: getattr(paper, item).model_dump() for item in _LAYERS_OF},
            "draws": paper.draws("gaussian"),
        },
        spectra=lambda paper: [*_LAYERS_OF, _FURTHER],
        shaped_by=lambda paper: [*_LAYERS_OF, "figure_scaling.gaussian", "figure_scaling.seed"],
        loads=lambda paper: [_activation(getattr(paper, item)) for item in _LAYERS_OF],
        minutes=30,
    ),
    "figure_s5": _after_training(
        "figure_s5",
        "Spectra of the conjugate kernels of every layer before and after training on one neuron",
        "The network of figure 3, layer by layer.",
        "draw_trained_layers",
    ),
    "figure_s6": _after_training(
        "figure_s6",
        "Spectra of conjugate and tangent kernel before and after training on two classes of CIFAR-10",
        f"{_LABELS}The paper names neither classes nor sizes. Assumed: figure 3's network and training, labels 1 and "
        "-1 with the squared error, images without the mean training image, of unit norm. Principal components stay, "
        "unlike in figure 2: without ten of them the class is gone from the leading eigenvectors. The limits start "
        "from the input's eigenvalues, and their upper edge is that of the input's largest one.",
    ),
    "figure_scaling": _of_draws(
        "Distances of conjugate and tangent kernel to their limit laws against the number of samples",
        "Common factor: the one between 1/4 and 4 that brings a network's eigenvalues closest to the limit, since all "
        "samples share the weights. Grey: one linear network with independent noise that has the same limit. Networks "
        "with all components and without ten share images and weights. The law for a given Gram matrix "
        "(figure 2) is not among these limits. Not in the paper.",
        "scaling",
        lambda paper: paper.drawn_inputs,
        [
            *("figure_2.removed_components", "figure_s2.removed_components"),
            *(f"{figure}.{key}" for figure in _LAYERS_OF for key in _DRAWN_LIKE),
        ],
        _PROPORTIONS,
    ),
    "figure_components": _of_draws(
        "Where lemma 3.5 begins to apply to CIFAR-10: removed principal components against size",
        "Assumption 3.2(c) asks that inner products vanish faster than n^(-1/4) (dashed, one line a size); dotted: "
        "independent directions in 3072 dimensions. (d): negative where distances fall with size. Not in the paper.",
        "components",
        lambda paper: paper.drawn_components,
        ["figure_scaling.images", "figure_scaling.seed", *(f"figure_2.{key}" for key in _DRAWN_LIKE)],
        _PROPORTIONS[3:],
    ),
}
