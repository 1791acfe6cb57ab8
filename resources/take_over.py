"""Take over results that the workflow made before its modules moved into layers (version 0.1.0).

The move changed no number, but it changed every digest of code, so that all results look outdated. This records the
expensive ones as made by today's code; the last steps (numbers, tables, figures, claims, pages) are cheap and are made
again. Run it once, in the folder that holds ``.snakemake``, with the settings that made the results:

    uv run resources/take_over.py --config scale=preview

Unlike ``snakemake --touch`` it accepts a file only if

- it was made by the code of version 0.1.0 (its recorded digest is the one known here),
- every other parameter and the list of its inputs are the same today,
- its inputs are, byte for byte, those it was made from (checksums that Snakemake and the HDF5 file recorded), and
- the arrays in an HDF5 file are those that were written (their SHA-256), unless it was deleted after use.

Whatever fails stays as it is, is listed with the reason, and is made again by the next run.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.enums import Quietness
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

from deepspectra.config import read_overrides
from deepspectra.runtime import store
from deepspectra.runtime.errors import UserError

#: Digest of the code of version 0.1.0, by rule.
DIGESTS = {
    "analyse_weights": "1bd1118d9e4bb94e",
    "compute_curvature": "3b00e783738f84f5",
    "compute_kernels": "c43ee48d1615e454",
    "compute_trained_kernels": "b75eb1da638f3510",
    "decompose_curvature": "7de593ed6ebb36c6",
    "decompose_kernels": "24d66e8a62beb03d",
    "decompose_trained_kernels": "05889b60fb19425b",
    "decompose_weights": "4fc257d998a3330a",
    "draw_null_levels": "b45adb16ab994890",
    "draw_null_vectors": "2fb60371243dea83",
    "draw_orthogonal_ensemble": "e732df2b94521de2",
    "draw_process_hessians": "8d8806463787d08b",
    "embed_images": "4f0b98b59eff9225",
    "evaluate_linearised": "40f39e427a0fdf51",
    "resolve_curvature": "8672af13b025b5c8",
    "resolve_resnet34": "93cce6e315e9eb03",
    "resolve_whole_set": "70b64288d6472d9b",
    "simulate_data_covariance": "258f86f8bd6fadb9",
    "simulate_random_features": "b5f33de54577bfe9",
    "solve_limit_law": "0517e3bb9a2ffe4e",
    "train_network": "56425dc3c3c7bc0d",
}
#: Parameters that version 0.1.0 had besides: places of checkpoints, which follow from the output today.
_DROPPED = ("'results/{scale}/checkpoints/{network}.h5'", "'results/{scale}/checkpoints/features'")


def take_over(jobs: Any, persistence: Any) -> Iterator[tuple[str, str]]:
    """Record what can be taken over.

    :param jobs: of Snakemake's graph. :param persistence: its records of files.
    :returns: each file of a rule in DIGESTS whose record differs from today's, and why it was refused, if so. Matrices
        that were deleted after use are among them: Snakemake remakes them if their record is outdated.
    """
    for job in sorted(jobs, key=lambda job: str(job.output)):
        for file in job.output if job.rule.name in DIGESTS else []:
            record = persistence.metadata(file)
            if record is None or not persistence.params_changed(job, file):
                continue
            try:
                reason = _difference(job, record, persistence) or _altered(str(file), record)
            except UserError as error:
                reason = str(error)
            if not reason:
                record.params = persistence._params(job)
                persistence._write_record(persistence._get_key(file), record)
            yield str(file), reason


def _difference(job: Any, record: Any, persistence: Any) -> str:
    """What differs today besides the digest of the code; empty if nothing does."""
    old, new = set(record.params or ()), set(persistence._params(job))
    known = repr(DIGESTS[job.rule.name])
    dropped = {text.format(**{"network": "", **job.wildcards_dict}) for text in _DROPPED}
    if known not in old:
        return "it was not made by the code of version 0.1.0"
    if gone := old - new - {known} - dropped:
        return f"its parameters have changed; it was made with {', '.join(sorted(gone))[:200]}"
    if (added := new - old) != {repr(job.params.code)}:
        return f"it would be made with other parameters today: {', '.join(sorted(added))[:200]}"
    return "" if sorted(record.input or ()) == persistence._input(job) else "it has other inputs today"


def _altered(file: str, record: Any) -> str:
    """Which input is not the one that it was; empty if none. A UserError if an array in the file is not."""
    recorded = {name: value.removeprefix("sha256:") for name, value in (record.input_checksums or {}).items()}
    if file.endswith(".h5") and Path(file).exists():
        recorded |= store.check(file)["inputs"]
    for name, known in recorded.items():
        # Matrices that were deleted after use are vouched for by their own records.
        if Path(name).exists() and store.file_hash(name) != known:
            return f"its input {name} has changed since"
    return ""


def main(arguments: list[str] | None = None) -> int:
    """Take over the results in the current folder, and say what was done."""
    parser = argparse.ArgumentParser(description="Take over results of version 0.1.0.")
    parser.add_argument("--snakefile", type=Path, default=Path(__file__).resolve().parents[1] / "Snakefile")
    parser.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="settings, as for snakemake")
    parser.add_argument("--configfile", nargs="*", default=[], type=Path, help="settings files, as for snakemake")
    options = parser.parse_args(arguments)
    config = ConfigSettings(config=read_overrides((), options.config), configfiles=options.configfile)
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        loaded = api.workflow(ResourceSettings(cores=1), config_settings=config, snakefile=options.snakefile)
        loaded.dag(dag_settings=DAGSettings())
        workflow = loaded._workflow
        workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=False)
        workflow._build_dag()
        results = list(take_over(workflow.dag.jobs, workflow.persistence))
    refused = [f"not taken over: {file}: {reason}" for file, reason in results if reason]
    print("\n".join(refused), end="\n" * bool(refused), file=sys.stderr)
    print(f"{len(results) - len(refused)} files taken over, {len(refused)} not")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
