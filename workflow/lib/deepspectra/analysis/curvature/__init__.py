"""Exact Gauss-Newton spectra of anybody's network, judged by random matrices: one call for a model, a loss, a batch."""
