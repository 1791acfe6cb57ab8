"""Figures: the common style, and one module per paper. Each takes the plotted numbers and returns a Matplotlib figure."""
