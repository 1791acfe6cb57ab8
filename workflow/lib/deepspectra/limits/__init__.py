"""Limit laws that have no closed form: defined by equations for their Stieltjes transform, solved numerically.

``inputs``    spectra that a limit starts from, as resolvent averages
``layered``   conjugate and neural tangent kernels of deep networks (fan2020)
``law``       from a density on the line to a law: support, distribution function, moments, checks

NumPy and SciPy only, never torch.
"""
