"""The spectra of baskerville2022: their names and files, and which figure shows what of them.

A spectrum is called network/state_split_kind, such as logistic_mnist/final_test_hessian.
"""


def whole_samples(wildcards):
    """How many samples the whole-set Hessian of a network is over."""
    paper = SETTINGS[wildcards.scale].baskerville2022
    return min(paper.samples(wildcards.network, wildcards.split), paper.curvature.whole_samples)


def batch_size(wildcards):
    """Samples a batch."""
    return SETTINGS[wildcards.scale].baskerville2022.curvature.batch_size


def spectrum_name(wildcards):
    """The name of the spectrum that a job is about."""
    return f"{wildcards.network}/{wildcards.state}_{wildcards.split}_{wildcards.kind}"


def spectrum_parts(spectrum):
    """Network, state, split and kind of a spectrum's name."""
    network, _, rest = spectrum.partition("/")
    state, split, kind = rest.split("_", 2)
    return network, state, split, kind


def published_files(scale, spectrum):
    """Float32 eigenvalues of every batch, as published."""
    network, _, split, _ = spectrum_parts(spectrum)
    count = SETTINGS[scale].baskerville2022.published_batches(network, split)
    return [f"results/{scale}/spectra/baskerville2022/{spectrum}/published_{batch}.h5" for batch in range(count)]


def resolved_files(scale, spectrum):
    """Resolved spectra of all batches: few batches a job where one takes long."""
    network, _, split, kind = spectrum_parts(spectrum)
    paper = SETTINGS[scale].baskerville2022
    count, entry = paper.batches(network, split, kind), paper.network(network)
    slow = kind == "hessian" and not entry.is_softmax_regression
    step = paper.curvature.batches_a_job if slow else count
    return [
        f"results/{scale}/spectra/baskerville2022/{spectrum}/resolved_{first}_{min(first + step, count) - 1}.h5"
        for first in range(0, count, step)
    ]


def whole_files(scale, spectrum, series):
    """Whole-set spectra, of softmax regression alone; as published only where the settings ask for them."""
    network, _, _, kind = spectrum_parts(spectrum)
    paper = SETTINGS[scale].baskerville2022
    if kind != "hessian" or not paper.network(network).is_softmax_regression:
        return []
    if series == "published" and not (paper.curvature.published_whole and paper.published_batches(network, "test")):
        return []
    return [f"results/{scale}/spectra/baskerville2022/{spectrum}/{series}_whole.h5"]


def spectrum_files(scale, spectrum):
    """All eigenvalues of a spectrum, of either series."""
    return [
        *published_files(scale, spectrum),
        *resolved_files(scale, spectrum),
        *whole_files(scale, spectrum, "published"),
        *whole_files(scale, spectrum, "resolved"),
    ]


#: What the panels of a figure show: letter -> (state, split and kind of the spectrum, scope, statistic).
TEST = "final_test_hessian"
CURVATURE_PANELS = {
    "figure_3": {
        "a": (TEST, "batch", "unfolded"),
        "b": (TEST, "batch", "ratios"),
        "c": (TEST, "whole", "ratios"),
        "d": (TEST, "batch", "deciles"),
    },
    "figure_4": {
        "a": (TEST, "batch", "unfolded"),
        "b": (TEST, "batch", "ratios"),
        "c": (TEST, "batch", "deciles"),
    },
    "figure_7": {
        "a": (TEST, "batch", "density"),
        "b": (TEST, "batch", "ratios"),
        "c": (TEST, "batch", "deciles"),
    },
} | {
    # The authors' batches of Bike Sharing are those of the training set.
    item: {
        "a": (f"final_train_{kind}", "batch", "density"),
        "b": (f"final_train_{kind}", "batch", "ratios"),
        "c": (f"final_train_{kind}", "batch", "deciles"),
    }
    for item, kind in (("figure_8", "hessian"), ("figure_9", "gauss_newton"))
}
for state, spacings, ratios in (("final", "figure_a10", "figure_a11"), ("initial", "figure_a12", "figure_a13")):
    splits = {"a": f"{state}_train_hessian", "b": f"{state}_test_hessian"}
    CURVATURE_PANELS[spacings] = {letter: (split, "batch", "unfolded") for letter, split in splits.items()}
    CURVATURE_PANELS[ratios] = {letter: (split, "batch", "ratios") for letter, split in splits.items()}
    CURVATURE_PANELS[ratios] |= {"c": (splits["a"], "whole", "ratios"), "d": (splits["b"], "whole", "ratios")}


def curvature_panels(scale, item):
    """Panels of a figure, each with its spectrum's name, scope and statistic."""
    figure = getattr(SETTINGS[scale].baskerville2022, item)
    if item == "figure_1":
        places = {letter: (f"{name}/{TEST}", "batch", "density") for letter, name in zip("bc", figure.networks)}
    elif item == "figure_a14":
        first, second = figure.networks
        names = {"a": f"{first}/{TEST}", "b": f"{first}/initial_test_hessian", "c": f"{second}/{TEST}"}
        places = {letter: (name, "batch", "unfolded") for letter, name in names.items()}
    else:
        places = {
            letter: (f"{figure.network}/{spectrum}", *shown)
            for letter, (spectrum, *shown) in CURVATURE_PANELS[item].items()
        }
    return {letter: dict(zip(("spectrum", "scope", "statistic"), place)) for letter, place in places.items()}


def curvature_spectra(scale, item):
    """Names of the spectra that a figure shows, or the table lists: those of all figures, and the test set of networks
    that no figure shows."""
    if item.startswith("figure"):
        return list(dict.fromkeys(panel["spectrum"] for panel in curvature_panels(scale, item).values()))
    names = [name for figure in HESSIAN_FIGURES for name in curvature_spectra(scale, figure)]
    order, shown = list(SETTINGS[scale].baskerville2022.networks), {spectrum_parts(name)[0] for name in names}
    names += [f"{network}/{TEST}" for network in order if network not in shown]
    return sorted(dict.fromkeys(names), key=lambda name: (order.index(spectrum_parts(name)[0]), name))


HESSIAN_FIGURES = ["figure_1", *CURVATURE_PANELS, "figure_a14"]


def curvature_statistics(part):
    """For `input:`: one kind of table for every spectrum of an item."""
    return lambda wildcards: [
        f"results/{wildcards.scale}/statistics/baskerville2022/{name}{part}.csv"
        for name in curvature_spectra(wildcards.scale, wildcards.get("item", "table_networks"))
    ]


def shown_features(wildcards):
    """The file of the features, if an item shows a network on them."""
    item = wildcards.get("item", "table_networks")
    networks = {spectrum_parts(name)[0] for name in curvature_spectra(wildcards.scale, item)}
    paper = SETTINGS[wildcards.scale].baskerville2022
    there = any(paper.network(network).data == "features" for network in networks)
    return [f"results/{wildcards.scale}/features/cifar10.h5"] if there else []


SPECTRA["baskerville2022"] = {
    item: lambda scale, item=item: [
        path.removeprefix(f"results/{scale}/spectra/baskerville2022/").removesuffix(".h5")
        for name in curvature_spectra(scale, item)
        for path in spectrum_files(scale, name)
    ]
    for item in (*HESSIAN_FIGURES, "table_networks")
}


def hessian_settings(item):
    """What shapes a figure beside its own settings: its networks, how they are trained, and which matrices."""
    networks = dict.fromkeys(spectrum_parts(name)[0] for name in curvature_spectra(SCALE, item))
    entries = [RUN.baskerville2022.network(network) for network in networks]
    features = ["features"] if any(entry.data == "features" for entry in entries) else []
    training = ["training"]
    if all(entry.epochs for entry in entries):
        training = [f"training.{key}" for key in type(RUN.baskerville2022.training).model_fields if key != "epochs"]
    nodes = [*training, *features, *(f"networks.{network}" for network in networks), "curvature.batch_size"]
    # Numbers that some network has not for itself.
    nodes += [
        f"curvature.{key}"
        for key in ("batches", "published_batches")
        if any(getattr(entry, key) is None for entry in entries)
    ]
    if item in ("figure_3", "figure_a11", "figure_a13", "table_networks"):
        nodes += ["curvature.whole_samples", "curvature.published_whole"]
    return [f"baskerville2022.{node}" for node in nodes]


SHARED_SETTINGS["baskerville2022"] = {item: hessian_settings(item) for item in (*HESSIAN_FIGURES, "table_networks")}
