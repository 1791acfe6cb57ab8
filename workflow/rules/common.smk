"""Settings, and the planning library bound to them: all that the rules call."""

import getpass
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from shlex import quote

from snakemake.exceptions import InputFunctionException, MissingRuleException
from snakemake.jobs import GroupJob
from snakemake.logging import logger as snakemake_logger
from snakemake.script import PythonScript
from snakemake_interface_executor_plugins.executors.real import RealExecutor

# The checkout, also where another workflow imports this one as a module, or Snakemake runs in another directory.
ROOT = Path(str(workflow.current_basedir)).resolve().parents[1]
if {"{", "}"} & set(str(ROOT)):
    raise WorkflowError(
        f"error: Snakemake takes the braces in {ROOT} for wildcards. Rename that folder or move this one."
    )
LIBRARY = str(ROOT / "workflow" / "lib")
sys.path.insert(0, LIBRARY)
# Jobs find the library by their environment.
PYTHONPATH = os.pathsep.join(
    dict.fromkeys(filter(None, [LIBRARY, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
)
# Figures are files: the name of a window system that Matplotlib no longer knows would end the import.
os.environ.update(PYTHONPATH=PYTHONPATH, MPLBACKEND="agg")
# A user id without a name, as containers have, ends Snakemake in a traceback.
try:
    getpass.getuser()
except (KeyError, OSError):
    os.environ.update(LOGNAME=str(os.getuid()))
# HDF5's file locks fail on network file systems without a lock daemon; no file here has two writers.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
# Conda takes PYTHONPATH out of a job's environment. As a module, this leaves the prefix of the importing workflow alone.
OWN = Path(str(workflow.main_snakefile)).resolve().is_relative_to(ROOT)
if OWN:
    shell.prefix(f"export PYTHONPATH={quote(PYTHONPATH)}; ")

from deepspectra.config import RECORDED, SCALES, check_files, load_settings, sizes_of
from deepspectra.data.sources.tables import BackboneEntry, DataSetEntry, WeightsEntry, load_table
from deepspectra.papers.registry import LIMIT_LAWS, MY_NETWORKS, PAPERS, items_of, labels_of
from deepspectra.planning import checks, costs, items, my_networks, networks
from deepspectra.planning.binding import Binder
from deepspectra.planning.code import CodeParameter
from deepspectra.planning.recorded import read_kept, record_targets
from deepspectra.runtime import brevity, forked_jobs, group_jobs, quoting, refusals, rescheduling, watching
from deepspectra.runtime.errors import UserError

try:
    if workflow.is_main_process:
        check_files(workflow.overwrite_configfiles)
    # --config and --configfile win over the files: at every scale, or in a run that has a name. A scale is checked when a path asks for it.
    SETTINGS = load_settings(ROOT / "config", config)
    DATASETS = load_table(ROOT / "resources" / "datasets.yaml", DataSetEntry)
    WEIGHTS = load_table(ROOT / "resources" / "weights.yaml", WeightsEntry)
    BACKBONES = load_table(ROOT / "resources" / "backbones.yaml", BackboneEntry)
    if workflow.is_main_process:
        checks.check_files_of(SETTINGS[SETTINGS.scale])
        listed = any(word == "-l" or word.startswith(("--list", "--lt", "--lint")) for word in sys.argv)
        checks.check_run(SETTINGS.scale, workflow.resource_settings, dry=workflow.output_settings.dryrun, listed=listed)
except UserError as error:
    raise WorkflowError(f"error: {error}") from None


def shipped(name):
    """A file that comes with the workflow: relative where Snakemake runs in the checkout, as its records have it."""
    return name if Path.cwd() == ROOT else str(ROOT / name)


STARTED = time.time()
# The scale that short names stand for. Rules never use it for a file whose path names a scale: `plan` takes that one's.
SCALE = SETTINGS.scale
KEPT = read_kept(ROOT / "resources" / "record" / "record")
# Also what is drawn from the record.
DRAWN = "|".join((*SETTINGS.names, RECORDED))
plan = Binder(
    SETTINGS,
    all_settings=SETTINGS,
    filed=load_settings(ROOT / "config", {key: config[key] for key in ("run", "scale") if key in config}),
    datasets=DATASETS,
    weights=WEIGHTS,
    backbones=BACKBONES,
    kept=KEPT,
    shipped=shipped,
)
code = CodeParameter(ROOT / "workflow" / "scripts", plan)
# For `resources:` of rules that gain from a GPU.
GPU = 0 if SETTINGS[SCALE].device == "cpu" else 1
KEEP = SETTINGS[SCALE].keep_matrices
# How to run, not what to compute: as a parameter of a rule, a change of it would make finished results look outdated.
config |= SETTINGS[SCALE].model_dump(include={"device", "data", "pretrained", "checkpoint_epochs", "scale", "run"})


# Short names, and paths of the scale that one is of.
def known_targets(name):
    head, _, rest = name.removeprefix("results/").partition("/")
    scale = head if rest else SCALE
    names = [rule.name for rule in workflow.rules if not rule.has_wildcards()]
    if scale in SETTINGS.names:
        names += items.everything(SETTINGS[scale], scale)
    return names + record_targets(KEPT) * (scale == RECORDED)


quoting.quote_interpreter(PythonScript, RealExecutor)
refusals.tell_refusals(InputFunctionException)
if workflow.is_main_process:
    # Jobs of this machine end with this process.
    watching.announce()
    if OWN:
        refusals.suggest_targets(MissingRuleException, known_targets)
        shown = workflow.output_settings
        if not (shown.dryrun or shown.verbose or shown.quiet):
            brevity.be_brief(snakemake_logger)
    group_jobs.tell_reasons(GroupJob)
    forked_jobs.fork_scripts(PythonScript)
    # Older versions have it elsewhere, and start as ever.
    with suppress(ImportError):
        from snakemake.scheduling.job_scheduler import JobScheduler

        rescheduling.order_one_look(JobScheduler)


onstart:
    watching.remove_parts("results")
    watching.remove_parts("resources")


onsuccess:
    # Of those on a page that this run has made.
    for page in (Path("results", name, "report.html") for name in (SCALE, RECORDED)):
        if page.exists() and page.stat().st_mtime > STARTED:
            print(f"All results on one page: {page}", file=sys.stderr)


def matrix(path):
    """An output that is deleted once its spectrum is known, unless the settings keep it."""
    return path if KEEP else temp(path)
