"""What is wrong with files and folders is said before anything is planned, by the run itself and by none of its jobs.

Included by the main process alone.
"""

from snakemake.jobs import GroupJob

from deepspectra.runtime import group_jobs

from deepspectra.runtime import watching as presence

from deepspectra.runtime import store
from deepspectra.runtime.folders import check_folder, check_times

# A dry run writes nothing.
DRY_RUN = workflow.output_settings.dryrun
# Removing a lock and giving files the present time are what the notes below ask for.
UNLOCKS, TOUCHES = "--unlock" in sys.argv, bool({"--touch", "-t"} & set(sys.argv))
group_jobs.tell_reasons(GroupJob)
# Jobs end with this process. What there is to know of a lock is said before Snakemake looks for one.
presence.announce()
if (note := presence.look(".snakemake") if DRY_RUN else presence.enter(".snakemake")) and not UNLOCKS:
    print(f"\n{note}\n", file=sys.stderr)


onstart:
    presence.remove_parts("results")
    presence.remove_parts("resources")


try:
    for folder in ("results", f"results/{SCALE}", ".snakemake"):
        check_folder(folder, written=not DRY_RUN)
    if not (DRY_RUN or UNLOCKS or TOUCHES):
        check_times(("resources", "results"))
except UserError as error:
    stop(error)
if RUN.data.folder and not Path(RUN.data.folder).expanduser().is_dir():
    stop(f"data.folder: expected an existing folder with data files, found {RUN.data.folder!r}")
for network, entry in RUN.thamm2024.pretrained.items():
    if entry.file and not Path(entry.file).expanduser().is_file():
        stop(f"thamm2024.pretrained.{network}.file: expected a file of weights, found nothing at {entry.file!r}")
if RUN.pretrained == "require":
    # Files of an earlier run that was content without the weights.
    missing = []
    for network in WEIGHTS:
        path = Path(f"resources/weights/{network}.h5")
        if path.exists() and not RUN.thamm2024.pretrained[network].file:
            try:
                said = store.read(path, {}).attributes["parameters"]
            except UserError as error:
                stop(error)
            if not said["available"]:
                missing.append(f"\n  - {said['reason']}. {said['how_to_supply']}")
    if missing:
        stop(
            f"pretrained: require, but an earlier run did without the weights of {len(missing)} networks.{''.join(missing)}"
            "\n  Or name a file of your own for each: thamm2024: {pretrained: {alexnet: {file: PATH}}}."
        )
for name, entry in RUN.limit_laws.items():
    file = entry.input.eigenvalues
    # A spectrum below results/ may be one that a rule makes.
    if file and not file.startswith("results/") and not Path(file).expanduser().is_file():
        stop(f"limit_laws.{name}.input.eigenvalues: expected a file of eigenvalues, found nothing at {file!r}")
