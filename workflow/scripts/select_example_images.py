"""Some images before and after their leading principal components are removed (fan2020)."""

import pandas as pd

from deepspectra.data.samples import choose_images, columns_of
from deepspectra.nn.images import CHANNELS, CIFAR10_CLASSES, IMAGE_SIDE
from deepspectra.papers.comparison import SUMMARY_COLUMNS
from deepspectra.papers.fan2020.image_statistics import example_images
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    item = snakemake.params.item
    shape = (IMAGE_SIDE, IMAGE_SIDE, CHANNELS)
    data = store.read(snakemake.input[0], {"train_images": (50_000, *shape), "train_labels": (50_000,)})
    chosen = choose_images(item["samples"], len(data["train_labels"]), item["seed"])
    # The first images in the order of their indices are a random choice, as all of them are.
    pixels, left = example_images(
        columns_of(data["train_images"][chosen]), shape, item["removed_components"], item["images"]
    )
    summary = []
    for number, (image, share) in enumerate(zip(chosen, left, strict=False), 1):
        label = CIFAR10_CLASSES[int(data["train_labels"][image])]
        summary += [
            (f"image_{number}", label, "index of the training image", float(image), None),
            (f"image_{number}", label, "share of the centred squared norm that is left", share, None),
        ]
    write_table(pixels.round(6), snakemake.output.curves)
    write_table(pd.DataFrame(summary, columns=SUMMARY_COLUMNS), snakemake.output.summary)
