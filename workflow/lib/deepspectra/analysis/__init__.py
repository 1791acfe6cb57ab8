"""Spectra of any trained network, judged by random matrices: one call for a checkpoint."""
