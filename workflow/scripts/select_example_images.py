"""Some images before and after their leading principal components are removed (fan2020)."""

import numpy as np
import pandas as pd

from deepspectra import store
from deepspectra.architectures import CHANNELS, CIFAR10_CLASSES, IMAGE_SIDE
from deepspectra.files import write_table
from deepspectra.job import job
from deepspectra.kernel_statistics import SUMMARY_COLUMNS
from deepspectra.samples import choose_images, columns_of, principal_components

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    shapes = {"train_images": (50_000, IMAGE_SIDE, IMAGE_SIDE, CHANNELS), "train_labels": (50_000,)}
    data = store.read(snakemake.input[0], shapes)
    chosen = choose_images(item["samples"], len(data["train_labels"]), item["seed"])
    x = columns_of(data["train_images"][chosen])
    # The first images in the order of their indices are a random choice, as all of them are.
    shown = slice(item["images"])
    rest = principal_components(x, item["removed_components"]).remove(x)[:, shown]
    centred = principal_components(x, 0).remove(x)[:, shown]
    place = np.unravel_index(np.arange(IMAGE_SIDE**2), (IMAGE_SIDE, IMAGE_SIDE))
    tables, summary = [], []
    for index, image in enumerate(chosen[shown]):
        for series, pixels in (("before", x[:, index]), ("after", rest[:, index])):
            # After the removal pixels have no range of their own: grey is zero, and the largest size is black or white.
            scaled = pixels / 255 if series == "before" else 0.5 + 0.5 * pixels / np.abs(pixels).max()
            table = pd.DataFrame(scaled.reshape(-1, CHANNELS), columns=["red", "green", "blue"])
            table.insert(0, "y", place[0])
            table.insert(0, "x", place[1])
            table.insert(0, "series", series)
            table.insert(0, "panel", f"image_{index + 1}")
            tables.append(table)
        left = float(np.sum(rest[:, index] ** 2) / np.sum(centred[:, index] ** 2))
        label = CIFAR10_CLASSES[int(data["train_labels"][image])]
        summary += [
            (f"image_{index + 1}", label, "index of the training image", float(image), None),
            (f"image_{index + 1}", label, "share of the centred squared norm that is left", left, None),
        ]
    write_table(pd.concat(tables).round(6), snakemake.output.curves)
    write_table(pd.DataFrame(summary, columns=SUMMARY_COLUMNS), snakemake.output.summary)
