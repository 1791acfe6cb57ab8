"""What a curvature says, as sentences, tables, numbers and a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepspectra.analysis.curvature.ratios import RatioTest
from deepspectra.analysis.curvature.result import CurvatureTables
from deepspectra.papers.style import (
    BLUE,
    DATA,
    GREEN,
    LAW,
    ORANGE,
    VERMILION,
    label_panel,
    new_figure,
)
from deepspectra.rmt.ratios import folded, spacing_ratios
from deepspectra.runtime import store
from deepspectra.runtime.files import check_folder, replacing, write_table, write_text
from deepspectra.runtime.tables import markdown

__all__ = ["numbers", "picture", "told", "write_curvature"]

#: Above this share of spacings below their errors a spectrum is called unresolved.
_UNRESOLVED = 0.01
_SHOWN, _SHARES, _SURE = 10, 3, 0.05

_NOTES = [
    "**error** is an estimate from above of an eigenvalue's. It has the eigensolver's rounding, the outputs', and the "
    "gradients', which is measured: how far those of four samples move when each parameter changes at random by four "
    "roundings.",
    "**mean min(r, 1/r)**: r is a spacing over the one below it. Random matrices' levels (GOE, large) have 0.5307, "
    "independent ones 0.3863. The null are as many GOE levels at the places of the spectrum's own smooth "
    "density: what a density does by itself is in it.",
    "**participation ratio**: over how many samples, or parameters, an eigenvector extends: 1 / (sum of squared "
    "weights). **vector error**: the sine of its angle to the true one, as sure as the errors; 1 where neighbours are "
    "too close.",
]


def numbers(found: CurvatureTables) -> pd.DataFrame:
    """Numbers of the whole spectrum: ``quantity``, ``label`` for people, ``value`` and ``error``."""
    spectrum, ratios = found.spectrum, found.ratios
    rows = [
        ("samples", "samples", found.samples, np.nan),
        ("parameters", "trainable parameters", spectrum.parameters, np.nan),
        ("rows", "rows of the Gram matrix", found.rows, np.nan),
        ("rank", "eigenvalues larger than their errors", len(spectrum.eigenvalues), np.nan),
        ("below_errors", "others of the Gram matrix, zero within their errors", spectrum.left_out, np.nan),
        ("trace", "sum of the eigenvalues", spectrum.eigenvalues.sum(), spectrum.errors.sum()),
    ]
    if len(spectrum.eigenvalues):
        ends = {"largest": -1, "smallest": 0}
        rows += [
            (name, f"{name} eigenvalue", spectrum.eigenvalues[at], spectrum.errors[at]) for name, at in ends.items()
        ]
        relative = float((spectrum.errors / spectrum.eigenvalues).max())
        rows.append(("relative_error", "largest error over its eigenvalue", relative, np.nan))
    rows.append(("unresolved", "share of spacings below their errors", spectrum.unresolved_spacings, np.nan))
    if ratios.mean:
        rows.append(("mean_ratio", "mean min(r, 1/r)", ratios.mean.value, ratios.mean.error))
    if ratios.null.size:
        rows.append(
            ("null_ratio", "the same of random matrices (GOE) of equal density", ratios.null.mean(), ratios.null.std())
        )
        rows.append(("ratio_p", "p against these, two-sided", ratios.p, np.nan))
    return pd.DataFrame(rows, columns=["quantity", "label", "value", "error"])


def told(found: CurvatureTables) -> list[str]:
    """Sentences: count and extremes, how sure they are, ratios against the null, where eigenvectors live."""
    spectrum, ratios = found.spectrum, found.ratios
    count = len(spectrum.eigenvalues)
    said = [
        f"The Gauss-Newton matrix of {found.samples} samples in {spectrum.parameters:,} parameters has "
        f"rank {'at least ' if spectrum.left_out else ''}{count}: "
        f"{count} of {min(found.rows, spectrum.parameters)} eigenvalues that may differ from zero exceed their errors."
    ]
    if not count:
        return said
    values, errors = spectrum.eigenvalues, spectrum.errors
    half = int(np.searchsorted(np.cumsum(values[::-1]), values.sum() / 2)) + 1
    said.append(
        f"They reach from {values[0]:.4g} (± {errors[0]:.1g}) to {values[-1]:.4g} (± {errors[-1]:.1g}); "
        f"the largest {half} make half of the trace {values.sum():.4g}."
    )
    share = spectrum.unresolved_spacings
    if share > _UNRESOLVED:
        said.append(
            f"The spectrum is not resolved: {share:.1%} of its spacings are below their errors; ratios mean little."
        )
    if ratios.mean and ratios.null.size:
        verdict = "differs from that of" if ratios.p <= _SURE else "does not differ from that of"
        said.append(
            f"The mean ratio of neighbouring spacings, {ratios.mean.value:.3f} ± {ratios.mean.error:.3f}, {verdict} "
            f"random matrices (GOE) of equal density, {ratios.null.mean():.3f} ± {ratios.null.std():.3f} "
            f"(p = {ratios.p:.2g}, {ratios.null.size} draws)."
        )
    elif ratios.mean:
        said.append(f"The spectrum has too few levels to draw random matrices of equal density: {count}.")
    if "over_parameters" in found.levels:
        first = found.levels.iloc[0]
        own = found.shares[found.shares["rank"] == 1].nlargest(_SHARES, "share")
        places = ", ".join(f"{row.parameter} {row.share:.0%}" for row in own.itertuples())
        said.append(
            f"The eigenvector of the largest extends over {first.over_samples:.1f} samples and "
            f"{first.over_parameters:,.0f} parameters; it lies in {places}."
        )
    return said


def picture(found: CurvatureTables) -> Figure:
    """Eigenvalues with their errors, ratios of spacings, these by rank beside the null, and participation ratios."""
    figure, axes = new_figure(7.0, 4.4, (2, 2))
    _draw_eigenvalues(axes[0, 0], found)
    _draw_mean(axes[0, 1], found.ratios)
    _draw_by_rank(axes[1, 0], found.ratios)
    if "over_parameters" in found.levels:
        _draw_extents(axes[1, 1], found.levels)
    else:
        _draw_ratios(axes[1, 1], found.spectrum.eigenvalues)
    return figure


def _draw_eigenvalues(axis: Axes, found: CurvatureTables) -> None:
    levels = found.levels
    label_panel(axis, "a", f"{len(levels)} eigenvalues of {found.name}")
    axis.loglog(levels["rank"], levels.eigenvalue, ".", color=BLUE, label="eigenvalue")
    axis.loglog(levels["rank"], levels.error, "-", color=VERMILION, label="its error, estimated from above")
    axis.set_xlabel("rank, 1 the largest")
    axis.set_ylabel("eigenvalue")
    axis.legend()


def _draw_mean(axis: Axes, ratios: RatioTest) -> None:
    label_panel(axis, "b", "mean ratio of spacings")
    if ratios.null.size:
        axis.hist(ratios.null, bins=30, density=True, color=DATA, label="GOE of equal density")
    if ratios.mean:
        words = f"this network, p = {ratios.p:.2g}" if ratios.null.size else "this network"
        axis.axvline(ratios.mean.value, ymax=0.75, color=LAW, label=words)
        axis.legend(loc="upper left")
        axis.set_ylim(top=1.3 * axis.get_ylim()[1])
    axis.set_xlabel("mean min(r, 1/r)")
    axis.set_ylabel("density of draws")


def _draw_by_rank(axis: Axes, ratios: RatioTest) -> None:
    label_panel(axis, "c", "the same by rank")
    edges = np.linspace(0, 1, ratios.parts.size + 1)
    if ratios.band.size:
        low, high = (np.append(end, end[-1]) for end in ratios.band)
        axis.fill_between(edges, low, high, step="post", color="0.85", label="95 % of random levels")
    if ratios.parts.size:
        axis.plot((edges[1:] + edges[:-1]) / 2, ratios.parts, "o-", color=BLUE, label="this network")
        axis.set_ylim(0, 1)
        axis.legend(loc="upper right")
    axis.set_xlabel("relative rank, the smallest eigenvalues first")
    axis.set_ylabel("mean min(r, 1/r)")


def _draw_extents(axis: Axes, levels: pd.DataFrame) -> None:
    label_panel(axis, "d", "eigenvectors extend over")
    axis.loglog(levels["rank"], levels.over_samples, "o-", color=GREEN, label="samples")
    axis.loglog(levels["rank"], levels.over_parameters, "s-", color=ORANGE, label="parameters")
    axis.set_xlabel("rank, 1 the largest")
    axis.set_ylabel("participation ratio")
    axis.legend()


def _draw_ratios(axis: Axes, eigenvalues: np.ndarray) -> None:
    label_panel(axis, "d", "ratios of spacings")
    own = folded(spacing_ratios(eigenvalues))
    axis.hist(own, bins=np.linspace(0, 1, 16).tolist(), density=True, color=DATA, label="this network")
    grid = np.linspace(0, 1, 200)
    # Atas et al. (2013), for three levels, twice since folded.
    surmise = 27 / 4 * (grid + grid**2) / (1 + grid + grid**2) ** 2.5
    axis.plot(grid, surmise, color=LAW, label="Gaussian orthogonal ensemble")
    axis.set_xlabel("min(r, 1/r)")
    axis.set_ylabel("density")
    axis.set_ylim(top=1.3 * axis.get_ylim()[1])
    axis.legend(loc="upper right")


def _summary(found: CurvatureTables) -> str:
    table = numbers(found)
    cells = pd.DataFrame(
        {
            "quantity": table.label,
            "value": table.value.map(lambda value: f"{value:,.0f}" if value == round(value) else f"{value:.6g}"),
            "error": table.error.map(lambda error: "" if pd.isna(error) else f"{error:.2g}"),
        }
    )
    text = markdown(cells, f"Curvature of {found.name}", [f"- {sentence}" for sentence in told(found)])
    largest = found.levels.head(_SHOWN)
    headings = {"vector_error": "vector error", "over_samples": "over samples", "over_parameters": "over parameters"}
    shown = pd.DataFrame({headings.get(name, name): largest[name].map(lambda x: f"{x:.6g}") for name in largest})
    for name in {"error", "vector error"} & set(shown):
        shown[name] = largest[name.replace(" ", "_")].map(lambda error: "" if pd.isna(error) else f"{error:.1g}")
    shown = shown.replace("nan", "")
    about = [f"The loss is {found.loss}, summed over samples, in {found.precision}.", *_NOTES]
    return text + "\n" + markdown(shown, "Largest eigenvalues", about).replace("# ", "## ", 1)


def write_curvature(found: CurvatureTables, folder: Path) -> Path:
    """Write ``levels.csv``, ``numbers.csv``, ``shares.csv`` (if eigenvectors were asked for), ``curvature.h5``,
    ``summary.md`` and ``spectrum.png``.

    The HDF5 file holds ``eigenvalues`` (ascending) and ``errors``, the draws' mean ratios ``null_ratios`` and, on
    request, ``eigenvectors`` (count, P), those of the largest eigenvalues, the largest first.

    :returns: the summary's path. :raises UserError: if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    check_folder(folder)
    write_table(found.levels, folder / "levels.csv")
    write_table(numbers(found), folder / "numbers.csv")
    if len(found.shares):
        write_table(found.shares, folder / "shares.csv")
    else:
        # An earlier run's would contradict the other files.
        (folder / "shares.csv").unlink(missing_ok=True)
    arrays = {"eigenvalues": found.spectrum.eigenvalues, "errors": found.spectrum.errors}
    if found.ratios.null.size:
        arrays["null_ratios"] = found.ratios.null
    if found.eigenvectors is not None:
        arrays["eigenvectors"] = found.eigenvectors
    store.write(
        folder / "curvature.h5",
        arrays,
        parameters=found.settings | {"parameter_names": found.parameter_names},
        seed=found.settings["seed"],
        dtype=found.precision,
        noise_floor=found.spectrum.bound,
    )
    with replacing(folder / "spectrum.png") as temporary:
        picture(found).savefig(temporary, format="png", dpi=200, metadata={"Software": None})
    write_text(_summary(found), folder / "summary.md")
    return folder / "summary.md"
