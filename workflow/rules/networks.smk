"""The networks that are trained: which there are, how, and on what; the matrices in those of thamm2024 and their files."""

#: Keys of the training that a network may have for itself.
OWN_TRAINING = {"images", "test_images", "epochs"}
#: Keys of a network of baskerville2022 that say what is done with it when it is trained.
AFTER_TRAINING = {"batches", "published_batches", "method"}


def network_paper(scale, network):
    """The paper that trains a network; the configuration sees to it that no two papers' have one name.

    Networks of thamm2024 at other output scales have names that are not in the configuration.
    """
    for paper in ("baskerville2022", "fan2020"):
        if network in getattr(SETTINGS[scale], paper).networks:
            return paper
    return "thamm2024"


def network_entry(wildcards):
    """A network's entry in the configuration, as plain values: what shapes it and, in baskerville2022, its samples."""
    name = network_paper(wildcards.scale, wildcards.network)
    paper = getattr(SETTINGS[wildcards.scale], name)
    entry = paper.network(wildcards.network).model_dump(exclude=OWN_TRAINING | AFTER_TRAINING)
    if name != "baskerville2022":
        return entry
    samples = {"images": "train", "test_images": "test"}
    return entry | {key: paper.samples(wildcards.network, part) for key, part in samples.items()}


def training_entry(wildcards):
    """How it is trained: what the networks have in common, with its own epochs and, in thamm2024, images where it has
    some."""
    name = network_paper(wildcards.scale, wildcards.network)
    paper = getattr(SETTINGS[wildcards.scale], name)
    network = paper.network(wildcards.network)
    keys = {"thamm2024": sorted(OWN_TRAINING), "baskerville2022": ["epochs"], "fan2020": []}[name]
    own = {key: getattr(network, key) for key in keys if getattr(network, key) is not None}
    return paper.training.model_dump() | own


def network_data(wildcards):
    """The file that a network's samples come from; points of a sphere come from none."""
    name = network_paper(wildcards.scale, wildcards.network)
    if name == "thamm2024":
        return "resources/data/cifar10.h5"
    data = getattr(SETTINGS[wildcards.scale], name).network(wildcards.network).data
    if data == "features":
        return f"results/{wildcards.scale}/features/cifar10.h5"
    return [] if data == "sphere" else f"resources/data/{data}.h5"


def weight_layers(scale, network):
    """Layer -> (outputs, inputs) of the weight matrices that are studied: all but the output layer's of networks that
    are trained here."""
    if network in WEIGHTS:
        return dict(WEIGHTS[network].shapes)
    shapes = SETTINGS[scale].thamm2024.network(network).weight_shapes
    return {layer: matrix_shape(shape) for layer, shape in shapes.items() if layer != "output"}


def weight_file(wildcards):
    """Where a network's weights are."""
    if wildcards.network in WEIGHTS:
        return f"resources/weights/{wildcards.network}.h5"
    return f"results/{wildcards.scale}/networks/{wildcards.network}.h5"


def stored_shapes(wildcards):
    """Layer -> shape of its weight as it is stored."""
    if wildcards.network in WEIGHTS:
        return weight_layers(wildcards.scale, wildcards.network)
    shapes = SETTINGS[wildcards.scale].thamm2024.network(wildcards.network).weight_shapes
    return {layer: list(shape) for layer, shape in shapes.items() if layer != "output"}


def weight_states(wildcards):
    """Before and after training; of pretrained networks only the weights after it are known."""
    return ["final"] if wildcards.network in WEIGHTS else ["initial", "final"]


def unfolding_parameters(wildcards):
    """The whole number that each unfolding takes."""
    unfolding = SETTINGS[wildcards.scale].thamm2024.unfolding
    window = unfolding.half_window
    return {"gaussian": window, "staircase": window, "polynomial": unfolding.polynomial_degree}


def pretrained_alone(wildcards):
    """Pretrained networks with matrices of a shape, if no network that is trained here has one: without their weights
    there is nothing to calibrate, and the largest nulls take long."""
    shape = {int(wildcards.rows), int(wildcards.columns)}
    paper = SETTINGS[wildcards.scale].thamm2024
    if any(set(size) == shape for name in paper.networks for size in weight_layers(wildcards.scale, name).values()):
        return []
    owners = [name for name in paper.pretrained if shape in map(set, weight_layers(wildcards.scale, name).values())]
    return [f"resources/weights/{name}.h5" for name in owners]


def tested_networks(scale, item):
    """Networks whose matrices an item is made from."""
    paper = SETTINGS[scale].thamm2024
    if item == "table_2":
        return list(paper.known_networks)
    if item == "figure_1":
        names = [place.network for place in paper.figure_1.panels]
    elif item == "figure_2":
        places = [paper.figure_2.spectrum, *(place for panel in paper.figure_2.panels.values() for place in panel)]
        names = [place.network for place in places]
    else:
        names = [paper.at_alpha(paper.figure_3.network, alpha) for alpha in paper.figure_3.alphas]
    return list(dict.fromkeys(names))


def swept_networks(scale):
    """The networks of figure 4: every seed at every output scale."""
    paper = SETTINGS[scale].thamm2024
    return [paper.at_alpha(name, alpha) for name in paper.figure_4.networks for alpha in paper.figure_4.alphas]


SPECTRA["thamm2024"] = {
    item: lambda scale, item=item: tested_networks(scale, item)
    for item in ("figure_1", "figure_2", "figure_3", "table_2")
}
SPECTRA["thamm2024"] |= dict.fromkeys(("figure_4", "table_1"), lambda scale: [])
#: What shapes each item beside its own settings; only some have miniAlexNet, which differs from the others.
TRAINED = ["thamm2024.training"]
LEVELS = [f"thamm2024.nulls.{key}" for key in ("matrices", "longest_interval", "seed")] + ["thamm2024.unfolding"]
SHARED_SETTINGS["thamm2024"] = {
    "figure_1": [*TRAINED, "thamm2024.networks", *LEVELS],
    "figure_2": [*TRAINED, "thamm2024.networks", "thamm2024.nulls.vectors", "thamm2024.nulls.seed"],
    "figure_3": [*TRAINED, *LEVELS, "thamm2024.nulls.vectors"],
    "figure_4": TRAINED,
    "table_1": [*TRAINED, "thamm2024.networks"],
    "table_2": [*TRAINED, "thamm2024.networks", *LEVELS],
}


def tests_of(kind, item):
    """For `input:`: one kind of file (levels, curves, vectors) for every network of an item."""
    return lambda wildcards: [
        f"results/{wildcards.scale}/statistics/thamm2024/networks/{network}_{kind}.csv"
        for network in tested_networks(wildcards.scale, item)
    ]


def null_files(wildcards):
    """Layer -> file of the null of its shape, and dimension -> file of the null of its vectors."""
    folder = f"results/{wildcards.scale}/nulls"
    layers = weight_layers(wildcards.scale, wildcards.network)
    levels = {layer: f"{folder}/levels_{max(shape)}x{min(shape)}.h5" for layer, shape in layers.items()}
    sides = sorted({side for shape in layers.values() for side in shape})
    return levels, {side: f"{folder}/vectors_{side}.h5" for side in sides}
