"""Write accuracy_choices.csv: what mlp512's accuracy becomes with other choices where thamm2024 is open.

    uv run resources/accuracy_choices.py record

Trains mlp512 for the first 20 of 100 epochs at the output scales of figure 3 (four minutes of one core each), with one
choice changed at a time. After 20 epochs all training images are learned but at alpha = 5. Rows are written as they
come, without numbers if a training diverged, and those that are there are not made again: those as assumed are epoch 20
of the record's histories. It needs CIFAR-10: `uv run snakemake --cores 1 resources/data/cifar10.h5`.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from deepspectra.config import load_settings
from deepspectra.data.tasks import Part, Samples, read_cifar10
from deepspectra.papers.thamm2024.recipe import recipe
from deepspectra.planning.networks import network_entry, training_entry
from deepspectra.runtime.files import write_table
from deepspectra.train.training import DivergedError, Recipe, train

ROOT = Path(__file__).resolve().parents[1]
DATA, TABLE = ROOT / "resources/data/cifar10.h5", ROOT / "resources/accuracy_choices.csv"
EPOCHS, ALPHAS, SEEDS = 20, (1.0, 0.5, 5.0), (1, 2, 3)


def _faster(factor: float) -> Callable[[Recipe], Recipe]:
    """The same with a learning rate that is so many times as large."""

    def change(made: Recipe) -> Recipe:
        rates = tuple(factor * rate for rate in made.plan.learning_rates)
        return replace(made, plan=replace(made.plan, learning_rates=rates))

    return change


def _together(made: Recipe) -> Recipe:
    """The same with images that are standardised by all training images, colour by colour, and not each by itself."""
    parts: dict[Part, Samples] = {"train": made.train, "test": made.test}
    images = {part: read_cifar10(DATA, part, len(own.targets)) for part, own in parts.items()}
    pixels = images["train"][0].reshape(-1, 3)
    mean, deviation = pixels.mean(0), pixels.std(0)

    def samples(part: Part) -> Samples:
        values = ((images[part][0] - mean) / deviation).astype(np.float32).transpose(0, 3, 1, 2)
        return Samples(torch.from_numpy(np.ascontiguousarray(values)), images[part][1])

    return replace(made, train=samples("train"), test=samples("test"))


#: What is changed, and how.
CHOICES: dict[str, Callable[[Recipe], Recipe]] = {
    "as assumed": lambda made: made,
    "images standardised together": _together,
    "learning rate twice": _faster(2),
    "learning rate four times": _faster(4),
}


def main(scale: str) -> None:
    """Train what is not in the table yet, and add its rows."""
    torch.set_num_threads(1)
    settings = load_settings(ROOT / "config")[scale]
    columns = ["choice", "seed", "alpha", "train_accuracy", "test_accuracy"]
    table = pd.read_csv(TABLE) if TABLE.is_file() else pd.DataFrame(columns=columns)
    for seed in SEEDS:
        for choice, change in CHOICES.items():
            for alpha in ALPHAS:
                name = f"mlp512_seed{seed}" + (f"_alpha{alpha:g}" if alpha != 1 else "")
                if ((table.choice == choice) & (table.seed == seed) & (table.alpha == alpha)).any():
                    continue
                made = change(recipe(network_entry(settings, name), training_entry(settings, name), DATA))
                plan = replace(made.plan, learning_rates=made.plan.learning_rates[:EPOCHS])
                try:
                    accuracies = train(made.model, made.train, made.test, plan, description=f"{name}, {choice}")[-1, 3:]
                except DivergedError:
                    accuracies = np.full(2, np.nan)
                table.loc[len(table)] = [choice, seed, alpha, *accuracies]
                write_table(table, TABLE, float_format="%.5g")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scale")
    main(parser.parse_args().scale)
