"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers.

Curves have the columns panel, series, x, x_high and y; summaries panel, series, quantity, value, reference and at.
"""
