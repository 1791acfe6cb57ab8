"""Table 1 of thamm2024: test accuracies, published and reproduced."""

import pandas as pd

from deepspectra.runtime.files import write_table, write_text
from deepspectra.runtime.job import job
from deepspectra.runtime.markdown import markdown, number
from deepspectra.runtime.tables import read_csv

with job(snakemake.log[0], snakemake.threads):
    published = read_csv(snakemake.input.published).set_index("network")
    found = {}
    for (network, images), path in zip(snakemake.params.test_images.items(), snakemake.input.histories, strict=True):
        last = read_csv(path, ("epoch", "test_accuracy")).iloc[-1]
        error = (last.test_accuracy * (1 - last.test_accuracy) / images) ** 0.5
        found[network] = (int(last.epoch), 100 * last.train_accuracy, 100 * last.test_accuracy, 100 * error)
    rows = []
    for network in dict.fromkeys((*found, *published.index)):
        printed = published.loc[network] if network in published.index else None
        epochs, train, test, error = found.get(network, (None,) * 4)
        rows.append(
            {
                "network": network,
                "dataset": "CIFAR-10" if printed is None else printed.dataset,
                "published_test_accuracy_percent": None if printed is None else printed.test_accuracy_percent,
                "test_accuracy_percent": test,
                "sampling_error_percent": error,
                "train_accuracy_percent": train,
                "epochs": epochs,
                "note": "" if network in found else "trained elsewhere; the provider's figure",
            }
        )
    table = pd.DataFrame(rows).astype({"epochs": "Int64"})
    write_table(table, snakemake.output.csv, float_format="%.4g")
    shown = pd.DataFrame(
        {
            "network": table.network,
            "data": table.dataset,
            "published test accuracy, %": table.published_test_accuracy_percent.map(lambda x: number(x, 1)),
            "reproduced, %": [
                ""
                if pd.isna(row.test_accuracy_percent)
                else f"{row.test_accuracy_percent:.1f} ± {row.sampling_error_percent:.1f}"
                for row in table.itertuples()
            ],
            "train accuracy, %": table.train_accuracy_percent.map(lambda x: number(x, 1)),
            "epochs": table.epochs.map(lambda x: "" if pd.isna(x) else str(x)),
            "": table.note,
        }
    )
    notes = [
        snakemake.params.scale_note,
        "±: sampling error of the test images; other seeds vary by about as much. Train accuracy: over the last "
        "epoch's batches as they were met. Assumed where the paper is open: the learning rate decays once an epoch; of "
        "miniAlexNet: crops of 28 x 28 pixels, convolutions that keep the size, pooling with stride 2, and an L2 "
        "penalty of 1e-4 times the sum of squared weights.",
    ]
    write_text(markdown(shown, "Table 1 (thamm2024): network performance", notes), snakemake.output.md)
