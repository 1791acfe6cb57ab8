"""Laws of random matrix theory in closed form. Name the module when you import one.

``marchenko_pastur``  eigenvalues of Gram matrices
``singular_values``   singular values, and the fit to a spectrum that is random only in part (thamm2024)
``spacings``          unfolded levels: spacings of neighbours, number variance
``ratios``            ratios of neighbouring spacings, without unfolding
"""
