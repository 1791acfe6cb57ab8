"""Print what every target takes at one scale, from earlier measurements."""

import pandas as pd

from deepspectra.job import job

with job(snakemake.log[0], snakemake.threads):
    scale, cores, targets = snakemake.params.scale, snakemake.params.cores, snakemake.params.targets
    measured = pd.read_csv(snakemake.input[0]).set_index(["scale", "target"])
    rows = []
    for target in targets:
        if (scale, target) not in measured.index:
            rows.append({"target": target, "minutes": "not measured"})
            continue
        row = measured.loc[(scale, target)]
        rows.append(
            {
                "target": target,
                "jobs": int(row.jobs),
                # A target cannot end before its longest job, however many cores there are.
                "minutes": f"{max(row.seconds / cores, row.longest_seconds) / 60:.1f}",
                "memory MB": int(row.memory_mb),
                "disk MB": row.disk_mb,
            }
        )
    known = measured.loc[[index for index in measured.index if index[0] == scale and index[1] in targets]]
    print(f"\nAt {scale} scale with {cores} cores, as measured on two cores of 2 GHz without a GPU:\n")
    print(pd.DataFrame(rows).fillna("").to_string(index=False))
    print(
        f"\nTogether about {known.seconds.sum() / cores / 60:.0f} minutes and {known.disk_mb.sum():.0f} MB of results; "
        f"memory is per job, up to {cores} at once.\nData sets come on top, once: "
        + ", ".join(f"{name} {size} MB" for name, size in snakemake.params.downloads.items())
        + " to download.\n"
    )
