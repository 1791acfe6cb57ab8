"""Random matrix theory with NumPy and SciPy alone; no module here knows a network."""
