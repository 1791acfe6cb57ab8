"""Figures: the common style, and one module per paper, from plotted numbers to a Matplotlib figure."""
