"""Baskerville, Granziol and Keating (2022): Hessians of neural networks and their level statistics."""
