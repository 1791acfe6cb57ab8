"""Figures of Baskerville, Granziol and Keating (2022), drawn from tidy tables of the plotted numbers.

``hessians``         Hessians and Gauss-Newton matrices of trained networks, as published and resolved
``random_matrices``  the Wigner surmise, and Hessians of Gaussian processes
``resnet34``         beyond the paper: a network too large for its Hessian
"""
