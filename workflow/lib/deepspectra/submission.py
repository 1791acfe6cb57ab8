"""Why Slurm takes no jobs: Snakemake's executor has no word of it for jobs in groups ("message: None")."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

_PATIENCE_SECONDS = 60


def refusals(profile: str | Path, *, gpu: bool = True) -> list[str]:
    """What sbatch says against a small job in each partition of a profile; nothing is submitted.

    :param profile: file with a section ``partitions``: name -> limits, of which ``max_gpu`` is looked at; and perhaps
        ``default-resources`` with ``slurm_account``, who is charged.
    :param gpu: whether jobs ask for GPUs; if not, partitions that have some are left out.
    :returns: a sentence for each partition that takes none; one where Slurm itself is not in reach.
    """
    settings = yaml.safe_load(Path(profile).read_text(encoding="utf-8"))
    account = settings.get("default-resources", {}).get("slurm_account")
    said = []
    for name, limits in settings["partitions"].items():
        gpus = bool((limits or {}).get("max_gpu"))
        if gpus and not gpu:
            continue
        command = ["sbatch", "--test-only", "--time=1", "--mem=100M", f"--partition={name}", "--wrap=true"]
        command += ["--gpus=1"] * gpus + [f"--account={account}"] * bool(account)
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)
        except FileNotFoundError:
            return ["sbatch is not found here: start Snakemake where jobs are submitted, on the cluster's login node."]
        except subprocess.TimeoutExpired:
            return [f"sbatch does not answer within {_PATIENCE_SECONDS} seconds: is Slurm's controller down?"]
        if result.returncode:
            words = "; ".join(line.removeprefix("sbatch: ").strip() for line in result.stderr.splitlines())
            said.append(f"Slurm takes no job for partition {name} of {profile} ({words}). `sinfo` lists partitions.")
    return said
