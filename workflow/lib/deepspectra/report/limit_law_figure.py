"""The figure of a limit law from the configuration: density and distribution function."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from deepspectra.papers import style

__all__ = ["draw_limit_law"]

_FILL_COLOUR = "#F6DDE1"
# A density whose peak exceeds its 90 % quantile by more than this factor is drawn on a logarithmic axis.
_PEAKED = 6.0
# More bulks or atoms than this are not listed one by one.
_TOLD = 5
_KERNELS = {"conjugate": r"conjugate kernel $K^\mathrm{CK}$", "tangent": r"tangent kernel $K^\mathrm{NTK}$"}

_Pairs = list[tuple[float, float]]


def draw_limit_law(curve: pd.DataFrame, summary: pd.DataFrame, law: Mapping[str, Any]) -> Figure:
    """Density with edges and atoms on the left, distribution function on the right.

    :param curve: columns x, density, cdf: the points that converged. :param law: the entry of the configuration.
    :param summary: columns quantity, value (as text), of :func:`deepspectra.spectra.limit_laws.solve_limit_law`.
    """
    numbers = summary[summary.quantity != "note"]
    found = {key: [float(value) for value in part.value] for key, part in numbers.groupby("quantity")}
    edges = list(zip(found["bulk_lower_edge"], found["bulk_upper_edge"], strict=True))
    atoms = list(zip(found.get("atom_location", []), found.get("atom_mass", []), strict=True))
    figure, axes = style.new_figure(style.PAGE, 3.0, (1, 2))
    density, distribution = axes[0]
    _draw_density(density, curve, edges, atoms)
    _draw_distribution(distribution, curve, atoms)
    ends = [*np.ravel(edges), *(location for location, _ in atoms)]
    margin = 0.05 * (max(ends) - min(ends))
    for axis in (density, distribution):
        axis.set(xlim=(min(ends) - margin, max(ends) + margin), xlabel=r"eigenvalue $\lambda$")
    bulks = zip(edges, found["bulk_mass"], strict=True)
    remarks = [f"[{lower:.4g}, {upper:.4g}]: {mass:.4g}" for (lower, upper), mass in bulks]
    remarks += [f"atom at {location:.4g}: {mass:.4g}" for location, mass in atoms]
    if len(remarks) > _TOLD:
        remarks = [*remarks[: _TOLD - 1], f"and {len(remarks) - _TOLD + 1} more"]
    look: dict[str, Any] = {"handlelength": 0, "handletextpad": 0, "alignment": "left"}
    blank = [Line2D([], [], alpha=0, label=remark) for remark in remarks]
    figure.legend(handles=blank, loc="outside right center", title="edges of bulks: mass", **look)
    style.label_panel(density, "a", "density")
    style.label_panel(distribution, "b", "distribution function")
    nonlinear = law["kernel"] == "nonlinear"
    figure.suptitle(_nonlinear_title(law) if nonlinear else _title(law, found["gamma"]), fontsize=7.5)
    notes = list(summary.value[summary.quantity == "note"])
    style.add_note(figure, _note(law, {name: values[0] for name, values in found.items()}, notes))
    return figure


def _title(law: Mapping[str, Any], ratios: Sequence[float]) -> str:
    depth = len(law["ratios"] or law["widths"])
    layer = f" of layer {len(ratios)} of {depth}" if law["kernel"] == "conjugate" and law["layer"] is not None else ""
    if len(set(ratios)) == 1 and len(ratios) > 1:
        listed = f"{ratios[0]:.4g} (all)"
    elif len(ratios) > _TOLD:
        listed = f"{ratios[0]:.4g}, ..., {ratios[-1]:.4g}"
    else:
        listed = ", ".join(f"{ratio:.4g}" for ratio in ratios)
    return rf"{_KERNELS[law['kernel']]}{layer}, $L={depth}$, $n/d_\ell=$ {listed}, {_activation(law)}"


def _nonlinear_title(law: Mapping[str, Any]) -> str:
    sizes = rf"$\phi=n_0/m={law['phi']:.4g}$, $\psi=n_0/n_1={law['psi']:.4g}$"
    return rf"$M=YY^\top/m$, $Y=f(WX)$, {sizes}, {_activation(law)}"


def _activation(law: Mapping[str, Any]) -> str:
    # The user's own words are not to be read as mathematics.
    return law["activation"].replace("$", r"\$")


def _draw_density(axis: Axes, curve: pd.DataFrame, edges: _Pairs, atoms: _Pairs) -> None:
    highest, bottom = curve.density.max(), 0.0
    peaked = highest > _PEAKED * curve.density.quantile(0.9)
    if peaked:
        axis.set_yscale("log")
        # Towards an edge the density falls to zero.
        bottom = max(curve.density.quantile(0.05) / 2, 1e-5 * highest)
    top = 4 * highest if peaked else 1.2 * highest

    def height(share: float) -> float:
        """This share of the way from the bottom to the top of the panel."""
        if not peaked:
            return share * top
        return float(np.exp(np.log(bottom) + share * (np.log(top) - np.log(bottom))))

    for lower, upper in edges:
        bulk = curve[curve.x.between(lower, upper)]
        values = np.maximum(bulk.density, bottom)
        axis.fill_between(bulk.x, values, bottom, color=_FILL_COLOUR, linewidth=0)
        axis.plot(bulk.x, values, color=style.LAW)
        axis.vlines([lower, upper], bottom, height(0.06), color="0.15", linewidth=0.8)
    arrow = {"arrowstyle": "-|>", "color": style.BLUE, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0}
    text: dict[str, Any] = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
    for location, _ in atoms:
        axis.annotate("", xy=(location, height(0.95)), xytext=(location, bottom), arrowprops=arrow)
    for location, mass in atoms if len(atoms) <= _TOLD else ():
        axis.annotate(f"{mass:.3g}", xy=(location, height(0.95)), color=style.BLUE, **text)
    axis.set(ylim=(bottom, top), ylabel="density (logarithmic)" if peaked else "density")


def _draw_distribution(axis: Axes, curve: pd.DataFrame, atoms: _Pairs) -> None:
    """The distribution function: flat between the bulks, a vertical line at every atom."""
    x, y = curve.x.to_numpy(), curve.cdf.to_numpy()
    for location, mass in atoms:
        place = int(np.searchsorted(x, location))
        # Below an atom lies the mass of all points and atoms to its left.
        below = y[place - 1] if place else 0.0
        x, y = np.insert(x, place, [location] * 2), np.insert(y, place, [below, below + mass])
    reach = x[-1] - x[0]
    x, y = np.concatenate([[x[0] - reach], x, [x[-1] + reach]]), np.concatenate([[0.0], y, y[-1:]])
    axis.plot(x, y, color=style.LAW)
    axis.set(ylim=(0, 1.04), ylabel=r"share of eigenvalues $\leq\lambda$")


def _note(law: Mapping[str, Any], numbers: Mapping[str, float], notes: Sequence[str]) -> str:
    drawn = f"{numbers['points']:.0f} points, each certified as the one solution"
    if law["kernel"] == "nonlinear":
        drawn = f"{numbers['points']:.0f} points, each on the branch that starts at infinity"
    if numbers["points_not_converged"]:
        drawn = f"{numbers['points_not_converged']:.0f} of {numbers['points']:.0f} points not drawn"
    parts = [
        _origin(law, numbers),
        f"Mean {numbers['mean']:.6g} (closed form {numbers['exact_mean']:.6g}), variance {numbers['variance']:.6g}, "
        f"mass {numbers['mass']:.8g}; {drawn}, largest residual {numbers['largest_residual']:.1e}.",
    ]
    # A note may begin with a symbol, whose case means something.
    return " ".join([*parts, *(f"{note if '_' in note.split()[0] else note[0].upper() + note[1:]}." for note in notes)])


def _origin(law: Mapping[str, Any], numbers: Mapping[str, float]) -> str:
    """Where the law comes from, with the constants of its activation."""
    if law["kernel"] == "nonlinear":
        constants = f"eta = {numbers['eta']:.5g}, zeta = {numbers['zeta']:.5g}"
        return f"Limit law of pennington2017, theorem 1: {constants}; X and W independent Gaussian matrices."
    given = law["input"]["gram"] or law["input"]["data"]
    theorem, constants = "theorem 3.4", f"b_sigma = {numbers['b_sigma']:.5g}"
    if law["kernel"] == "tangent":
        theorem = "theorem 3.8" if law["rates"] else "theorem 3.7"
        constants += f", a_sigma = {numbers['a_sigma']:.5g}"
    if law["rates"]:
        constants += f", rates {', '.join(f'{rate:.4g}' for rate in law['rates'])}"
    origin = "Law" if given else f"Limit law of fan2020, {theorem}"
    return f"{origin}: {constants}; input {_input(law['input'])}."


def _input(source: Mapping[str, Any]) -> str:
    if source["marchenko_pastur"] is not None:
        return f"Marchenko-Pastur with n/d_0 = {source['marchenko_pastur']:.4g}"
    if (atoms := source["atoms"]) is not None:
        listed = ", ".join(f"{mass:.4g} at {location:.4g}" for location, mass in atoms)
        return f"{len(atoms)} atoms" if len(atoms) > _TOLD else f"atoms {listed}"
    kinds = {"eigenvalues": "the eigenvalues", "gram": "the Gram matrix", "data": "the Gram matrix of the samples"}
    key = next(key for key in kinds if source[key] is not None)
    return f"{kinds[key]} in {source[key]}" + (f", {source['dataset']}" if source["dataset"] else "")
