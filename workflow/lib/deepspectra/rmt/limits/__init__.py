"""Limit laws without a closed form: defined by equations for their Stieltjes transform, solved numerically.

``inputs``            spectra that a limit starts from, as resolvent averages
``eigenvalue_files``  the user's own input spectra
``coefficients``      how layers add up to a tangent kernel, for networks and limits alike (fan2020)
``layered``           conjugate and neural tangent kernels of deep networks (fan2020)
``quartic``           one random layer on Gaussian data, by the roots of a quartic (pennington2017)
``law``               from a density on the line to a law: support, distribution function, moments, checks
"""
