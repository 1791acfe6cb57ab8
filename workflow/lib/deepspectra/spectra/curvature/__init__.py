"""Hessians and Gauss-Newton matrices of a batch's loss, dense and reduced to their non-zero spectrum.

``losses``         loss of a batch, and its curvature in the outputs
``dense``          P x P matrices by Hessian products: as published, and the oracle of the rest
``gauss_newton``   Gram matrices, for networks of any size
``piecewise``      Hessians of networks that are linear in each layer given the activation pattern, reduced exactly
``coupling``       the two parts of such Hessians, without differentiating twice
``whole``          softmax regression over a whole data set
``sizes``          how large a matrix each of them needs
``spectra``        non-zero eigenvalues with an error bound, by whichever method serves a network
"""
