"""The command line: run it as ``deepspectra`` or ``python -m deepspectra.cli``."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata

from deepspectra.cli.analysis import run_analysis
from deepspectra.cli.commands import print_schema, print_settings, print_targets
from deepspectra.cli.compare import compare_run
from deepspectra.cli.costs import print_costs
from deepspectra.cli.curvature import EXAMPLE, run_curvature
from deepspectra.config import SCALES
from deepspectra.runtime.errors import UserError, naming_full_disk, refused_by_the_machine

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, its own, or 1 after an error of the user's."""
    options = _parser().parse_args(arguments)
    # Pictures go to files, whatever windows the environment asks for: old names would end the import.
    os.environ["MPLBACKEND"] = "agg"
    try:
        with naming_full_disk():
            status = options.run(options)
            print(end="", flush=True)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has seen enough, as in `deepspectra settings | head`. What is left in the buffer goes
        # nowhere; otherwise Python complains about the pipe at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if not (message := refused_by_the_machine(error)):
            raise
        print(f"error: {message}", file=sys.stderr)
        return 1
    return status or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deepspectra", description="Random matrix theory in deep learning.")
    parser.add_argument("--version", action="version", version=f"deepspectra {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    settings = commands.add_parser("settings", help="what each key of the configuration means, and its values")
    settings.add_argument("key", nargs="?", default="", metavar="KEY", help="a key or the beginning of several")
    settings.add_argument("--schema", action="store_true", help="print the JSON schema of the configuration instead")
    _add_own_settings(settings)
    settings.set_defaults(run=lambda options: print_schema() if options.schema else print_settings(options))
    targets = commands.add_parser("targets", help="figures and tables that the workflow makes")
    targets.set_defaults(run=lambda options: print_targets())
    cost = commands.add_parser(
        "cost",
        help="time, memory and disk of targets, and what is left of a run",
        epilog="example: uv run deepspectra cost thamm2024_table_2 --scale paper --configfile mine.yaml",
    )
    cost.add_argument("targets", nargs="*", metavar="TARGET", help="as for Snakemake (default: all)")
    cost.add_argument("--scale", choices=SCALES, help="(default: that of the settings)")
    cost.add_argument("--cores", type=int, default=2, help="(default: %(default)s)")
    cost.add_argument("--directory", metavar="FOLDER", help="where the run is, if not in the checkout")
    _add_own_settings(cost)
    cost.set_defaults(run=print_costs)
    compare = commands.add_parser(
        "compare", help="a run of the workflow beside the record: what differs by more than seeds do"
    )
    compare.add_argument("--scale", choices=SCALES, help="of the run (default: that of the settings)")
    compare.add_argument("--directory", metavar="FOLDER", help="where the run is, if not in the checkout")
    compare.set_defaults(run=compare_run)
    _add_analyse(
        commands.add_parser("analyse", help="spectra of any trained network's weights, judged by random matrices")
    )
    _add_curvature(
        commands.add_parser(
            "curvature",
            help="exact Gauss-Newton spectrum of your own network, judged by random matrices",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=EXAMPLE,
        )
    )
    return parser


def _add_own_settings(parser: argparse.ArgumentParser) -> None:
    """The options by which Snakemake takes the user's own settings."""
    parser.add_argument("--configfile", nargs="+", default=[], metavar="FILE", help="your own settings")
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="your own settings")


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Every weight matrix of a checkpoint beside random matrices of its shape: outliers, levels, vectors, tails. "
        "Reads safetensors, torch state dictionaries, Keras, NumPy, or a folder with one; runs no code from a file."
    )
    parser.epilog = "example: uv run deepspectra analyse after.pt --initial before.pt"
    parser.add_argument("source", metavar="CHECKPOINT", help="a file or folder")
    parser.add_argument("--initial", metavar="CHECKPOINT", help="the network before training, to tell what moved")
    parser.add_argument("--out", metavar="FOLDER", help="where tables and the page go (default: spectra_ and the path)")
    parser.add_argument("--include", nargs="+", default=[], metavar="PATTERN", help="layers to analyse, as 'encoder.*'")
    parser.add_argument("--exclude", nargs="+", default=[], metavar="PATTERN", help="layers to leave out")
    parser.add_argument("--by-head", action="store_true", help="split attention by head, as config.json says")
    parser.add_argument("--head-size", type=int, metavar="ROWS", help="split attention by heads of so many rows")
    parser.add_argument(
        "--draws", type=int, help="random matrices of each shape (default: 999; 199 of more than 1024 singular values)"
    )
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument(
        "--cache", metavar="FOLDER", help="of random matrices' draws (default: the user's cache folder)"
    )
    parser.add_argument("--workers", type=int, help="processes (default: one for each core)")
    parser.set_defaults(run=run_analysis)


def _add_curvature(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "All non-zero eigenvalues of the Gauss-Newton matrix of a batch, with bounds of their errors, and\n"
        "ratios of their spacings beside random levels of equal density. FUNCTION takes nothing and returns a\n"
        "model in evaluation mode, a loss (cross_entropy, squared, or a function of one sample's outputs and\n"
        "targets) and a batch (inputs, targets), where inputs are a tensor, a list of several, or a dictionary\n"
        "of keyword arguments. The model is any torch module whose samples do not mix; layers without a\n"
        "formula go by automatic differentiation, which takes longer."
    )
    parser.add_argument("function", metavar="MODULE:FUNCTION", help="in the current folder, or installed")
    parser.add_argument("--out", metavar="FOLDER", help="where files go (default: curvature_ and the name)")
    parser.add_argument(
        "--precision", choices=("float64", "float32"), default="float64", help="of the network (default: %(default)s)"
    )
    parser.add_argument(
        "--participation", type=int, default=0, metavar="COUNT", help="participation ratios of so many eigenvectors"
    )
    parser.add_argument(
        "--eigenvectors", type=int, default=0, metavar="COUNT", help="so many eigenvectors of the largest eigenvalues"
    )
    parser.add_argument("--draws", type=int, default=999, help="of random levels (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of these (default: %(default)s)")
    parser.set_defaults(run=run_curvature)


def _version() -> str:
    try:
        return metadata.version("deepspectra")
    except metadata.PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
