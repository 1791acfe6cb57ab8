"""The command that gives the curvature of the user's own network."""

import argparse

from deepspectra.cli.output import output_folder, print_sentences
from deepspectra.runtime.errors import UserError
from deepspectra.runtime.own_code import load_function

__all__ = ["EXAMPLE", "run_curvature"]

#: Works as pasted.
EXAMPLE = """\
example:
  cat > my_network.py <<'END'
import torch
from torch import nn

def trained():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 4))
    inputs, labels = torch.randn(40, 20), torch.randint(4, (40,))
    return model.eval(), "cross_entropy", (inputs, labels)
END
  uv run deepspectra curvature my_network:trained --participation 10
"""


def run_curvature(options: argparse.Namespace) -> None:
    """Call the user's function ``options.function``, write tables and the picture, and print what was found.

    :raises UserError: if the function cannot be had or fails, or its network's curvature cannot be had.
    """
    folder = output_folder(options.out, "curvature", options.function)
    expected = "module:function, such as my_network:trained"
    function = load_function(options.function, "network", expected, "Run the command")
    what = f"function {options.function!r}"
    # Imported here: other commands start faster without.
    from deepspectra.analysis.curvature.spectrum import curvature

    try:
        given = function()
    except UserError:
        raise
    except (Exception, SystemExit) as error:  # a user's function can fail in any way
        raise UserError(f"{what} fails: {type(error).__name__}: {error}") from error
    told = "expected a model, a loss and a batch (inputs, targets)"
    if not isinstance(given, tuple | list) or len(given) != 3:
        raise UserError(f"{what} returns {_described(given)}; {told}.")
    model, loss, batch = given
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        raise UserError(f"{what} returns {_described(batch)} as its batch; {told}.")
    found = curvature(
        model,
        loss,
        *batch,
        precision=options.precision,
        participation=options.participation,
        eigenvectors=options.eigenvectors,
        draws=options.draws,
        seed=options.seed,
        name=options.function,
    )
    summary = found.write(folder)
    print_sentences(found.findings)
    print(f"\nSee {summary} and {summary.with_name('spectrum.png')}")


def _described(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} ({', '.join(type(part).__name__ for part in value)})"
    return f"a {type(value).__name__}"
