"""One limit law that the configuration asks for: density and distribution function, and what the law is in numbers."""

import logging

import pandas as pd

from deepspectra.nn.activations.own import resolve_activation
from deepspectra.rmt.limits.report import report
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job
from deepspectra.spectra.limit_laws import constants_of, kernel_of, notes_of, spectrum_of

logger = logging.getLogger(__name__)

with job(snakemake.log[0], snakemake.threads):
    law = snakemake.params.law
    sigma, spectrum = resolve_activation(law["activation"], law["breakpoints"]), spectrum_of(law["input"])
    kernel = kernel_of(law, spectrum, sigma)
    found = report(kernel, law["points"])
    if found.not_converged:
        logger.warning("%d of %d points have no density", found.not_converged, found.asked)

    curve = pd.DataFrame({name: getattr(found, name) for name in ("points", "density", "cdf", "residual")})
    write_table(curve.rename(columns={"points": "x"})[found.converged], snakemake.output.curve)

    b_sigma, a_sigma = constants_of(sigma)
    rows = [("b_sigma", b_sigma), ("a_sigma", a_sigma)]
    rows += [(f"gamma_{layer}", ratio) for layer, ratio in enumerate(kernel.ratios, start=1)]
    rows += [(f"coefficient of X_{layer}'X_{layer}", value) for layer, value in enumerate(kernel.coefficients)]
    rows += [("coefficient of Id", kernel.shift)]
    for number, ((lower, upper), mass) in enumerate(zip(found.edges, found.bulk_masses, strict=True), start=1):
        rows += [(f"bulk {number}, {name}", value) for name, value in (("lower edge", lower), ("upper edge", upper))]
        rows += [(f"bulk {number}, mass", mass)]
    for number, (location, mass) in enumerate(found.atoms, start=1):
        rows += [(f"atom {number}, location", location), (f"atom {number}, mass", mass)]
    rows += [
        ("atom at zero, mass", found.atom_at_zero),
        ("mass", found.mass),
        ("mean", found.mean),
        ("mean in closed form", found.exact_mean),
        ("variance", found.variance),
        *((f"moment {order}", value) for order, value in enumerate(found.moments[1:], start=2)),
        ("points", found.asked),
        ("points not converged", found.not_converged),
        ("largest residual", found.largest_residual),
    ]
    rows = [(quantity, repr(value if isinstance(value, int) else float(value))) for quantity, value in rows]
    rows += [("note", note) for note in notes_of(law, spectrum, sigma)]
    write_table(pd.DataFrame(rows, columns=["quantity", "value"]), snakemake.output.summary)
