"""A limit law as tables."""

from typing import Any, NamedTuple

import pandas as pd

from deepspectra.rmt.limits.law import LimitLaw

__all__ = ["SolvedLaw"]


class SolvedLaw(NamedTuple):
    """A law with what its table tells of it.

    :ivar law: bulks and atoms. :ivar curve: columns x, density, cdf, residual, at the points that converged.
    :ivar points: how many were asked for. :ivar mean: in closed form.
    :ivar rows: quantity, value, label and number of what it was solved with. :ivar notes: what a reader has to know.
    """

    law: LimitLaw
    curve: pd.DataFrame
    points: int
    mean: float
    rows: list[tuple[str, float, str, int | None]]
    notes: list[str]

    def summary(self) -> pd.DataFrame:
        """Columns quantity, label, number (of the bulk, atom, layer or moment) and value (text, notes included)."""
        law = self.law
        rows: list[tuple[str, str, int | None, Any]] = []

        def add(quantity: str, value: float, label: str | None = None, number: int | None = None) -> None:
            # Python's own floats, whose repr is the bare number.
            value = value if isinstance(value, int) else float(value)
            rows.append((quantity, label or quantity, number, repr(value)))

        for row in self.rows:
            add(*row)
        bulks = [{"lower edge": bulk.lower, "upper edge": bulk.upper, "mass": bulk.mass} for bulk in law.bulks]
        atoms = [{"location": location, "mass": mass} for location, mass in law.atoms]
        for part, members in (("bulk", bulks), ("atom", atoms)):
            for number, values in enumerate(members, start=1):
                for name, value in values.items():
                    add(f"{part}_{name.replace(' ', '_')}", value, f"{part} {number}, {name}", number)
        at_zero = float(sum(mass for location, mass in law.atoms if location == 0))
        add("atom_at_zero_mass", at_zero, "atom at zero, mass")
        add("mass", law.mass)
        mean = law.moment(1)
        add("mean", mean)
        add("exact_mean", self.mean, "mean in closed form")
        add("variance", law.expectation(lambda x: (x - mean) ** 2))
        for order in (2, 3, 4):
            add("moment", law.moment(order), f"moment {order}", order)
        add("points", self.points)
        add("points_not_converged", self.points - len(self.curve), "points not converged")
        add("largest_residual", self.curve.residual.max(), "largest residual")
        rows += [("note", "note", None, note) for note in self.notes]
        return pd.DataFrame(rows, columns=["quantity", "label", "number", "value"]).astype({"number": "Int64"})
