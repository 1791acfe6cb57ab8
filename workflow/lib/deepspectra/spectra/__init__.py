"""Matrices of networks and their spectra: Hessians, kernels, weights, random features and limit laws."""
