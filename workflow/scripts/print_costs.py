"""Print what every target takes at one scale, from earlier measurements."""

import pandas as pd

from deepspectra.runtime.job import job

with job(snakemake.log[0], snakemake.threads):
    scale, cores, targets = snakemake.params.scale, snakemake.params.cores, snakemake.params.targets
    measured = pd.read_csv(snakemake.params.table)
    measured = measured[measured.scale == scale].set_index("target")
    # Where the whole has not been measured its parts stand for it, which counts shared jobs several times.
    whole = measured.loc["all"] if "all" in measured.index else None
    measured = measured.reindex(targets)
    # A target cannot end before its longest job, however many cores there are.
    minutes = (measured.seconds / cores).clip(lower=measured.longest_seconds) / 60
    seconds, disk = (
        (measured.seconds.sum(), measured.disk_mb.sum()) if whole is None else (whole.seconds, whole.disk_mb)
    )
    total = max(seconds / cores, measured.longest_seconds.max()) / 60
    table = pd.DataFrame(
        {
            "jobs": measured.jobs.astype("Int64"),
            "minutes": minutes.round(1),
            "memory MB": measured.memory_mb.astype("Int64"),
            "disk MB": measured.disk_mb,
            "basis": measured.basis,
        }
    ).astype(object)
    print(f"\nAt {scale} scale with {cores} cores, on two-core machines of 2 GHz without a GPU:\n")
    print(table.where(table.notna(), "not measured").to_string())
    print(
        f"\nTogether about {total:.0f} minutes and {disk:.0f} MB of disk while it runs; targets share jobs, "
        f"memory is per job, up to {cores} at once.\nOnce, for what is downloaded: "
        + ", ".join(f"{name} ({size})" for name, size in snakemake.params.downloads.items())
        + ".\n"
    )
