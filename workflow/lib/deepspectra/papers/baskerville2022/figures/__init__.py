"""Figures of Baskerville, Granziol and Keating (2022), drawn from tidy tables of the plotted numbers."""
