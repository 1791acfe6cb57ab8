"""What the figures of fan2020 are made from: kernels, networks, images, and their sizes."""

SPECTRA["fan2020"] = {item: lambda scale, item=item: [item] for item in ("figure_1", "figure_2", "figure_s2")}
SPECTRA["fan2020"] |= {
    item: lambda scale, item=item: [settings_of(scale, f"fan2020.{item}").network]
    for item in ("figure_3", "figure_s5", "figure_s6")
}
SPECTRA["fan2020"]["figure_s4"] = lambda scale: ["figure_1", "figure_2"]
SPECTRA["fan2020"] |= dict.fromkeys(("figure_s1", "figure_s3"), lambda scale: [])
#: What shapes each item beside its own settings.
SHARED_SETTINGS["fan2020"] = {
    item: ["fan2020.training", f"fan2020.networks.{settings_of(SCALE, f'fan2020.{item}').network}"]
    for item in ("figure_3", "figure_s5", "figure_s6")
}
SHARED_SETTINGS["fan2020"] |= dict.fromkeys(
    ("figure_s1", "figure_s3"), [f"fan2020.figure_2.{key}" for key in ("samples", "removed_components", "seed")]
)
SHARED_SETTINGS["fan2020"]["figure_s4"] = ["fan2020.figure_1", "fan2020.figure_2"]


def kernel_settings(wildcards):
    """All that shapes the kernels of a random network, and not how they are shown."""
    settings = settings_of(wildcards.scale, f"fan2020.{wildcards.item}").model_dump()
    return {key: value for key, value in settings.items() if key not in ("bins", "curve_points")}


def sums_are_compared(scale, item):
    """Whether sums have more digits than the networks, so that the difference is known."""
    settings = settings_of(scale, f"fan2020.{item}")
    return settings.accumulation != settings.dtype


def image_settings(wildcards):
    """The images of figure 2, and what of them is shown."""
    images = settings_of(wildcards.scale, "fan2020.figure_2")
    chosen = {key: getattr(images, key) for key in ("samples", "removed_components", "seed")}
    return chosen | settings_of(wildcards.scale, f"fan2020.{wildcards.item}").model_dump()


def network_kernel_names(scale, network):
    """Kernels of a trained network: the conjugate one of every layer, and the tangent one."""
    layers = len(SETTINGS[scale].fan2020.network(network).hidden)
    return [*(f"conjugate_{layer}" for layer in range(1, layers + 1)), "tangent"]


def trained_network(scale, item):
    """The network that a figure is about."""
    return SETTINGS[scale].fan2020.network(settings_of(scale, f"fan2020.{item}").network)


def trained_history(wildcards):
    """How the training of a figure's network went."""
    name = settings_of(wildcards.scale, f"fan2020.{wildcards.item}").network
    return f"results/{wildcards.scale}/networks/{name}_history.csv"


def shown_kernels(wildcards):
    """The panels of a figure: all layers' conjugate kernels in figure S5, else the last layer's and the tangent one."""
    name = settings_of(wildcards.scale, f"fan2020.{wildcards.item}").network
    names = network_kernel_names(wildcards.scale, name)
    return names[:-1] if wildcards.item == "figure_s5" else names[-2:]


def image_memory(wildcards, attempt):
    """CIFAR-10's training images, a few copies of the chosen ones, and inner products of all pairs with their indices."""
    samples = settings_of(wildcards.scale, "fan2020.figure_2").samples
    return int(attempt * (BASE_MB + 200 + 8 * (8 * samples * 3072 + 4 * samples**2) / 1e6))
