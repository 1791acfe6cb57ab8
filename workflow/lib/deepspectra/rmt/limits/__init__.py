"""Limit laws that have no closed form: defined by equations for their Stieltjes transform, solved numerically.

``inputs``        spectra that a limit starts from, as resolvent averages
``coefficients``  how layers add up to a tangent kernel (fan2020), for networks too
``layered``       conjugate and neural tangent kernels of deep networks (fan2020)
``quartic``       one random layer on Gaussian data, by the roots of a quartic (pennington2017)
``law``           from a density on the line to a law: support, distribution function, moments, checks
``report``        what is told of a law: curve, masses, moments, edges
``specification`` from the configuration to a law, ``eigenvalue_files`` to the spectrum that it starts from

NumPy and SciPy only, never torch.
"""
