"""Baskerville, Granziol and Keating (2022): Hessians and Gauss-Newton matrices."""
