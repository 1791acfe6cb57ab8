"""Hessians and Gauss-Newton matrices of a batch's loss, dense and reduced to their non-zero spectrum.

``dense``          P x P matrices from Hessian products: as published, and the oracle of the rest
``whole``          the same of softmax regression over a whole data set
``gauss_newton``   Gram matrices, for networks of any size
``piecewise``      Hessians of networks that are linear in each layer given the activation pattern, reduced exactly
``coupling``       the two parts of such Hessians, without differentiating twice
``convolutions``   convolutions as products with patches
``whole_reduced``  softmax regression over a whole data set, reduced
``resolved``       non-zero eigenvalues with an error bound
``spectra``        resolved spectra, by whichever method serves a network
``loading``        a trained network and its samples
``sizes``          how large a matrix each of them needs
"""
