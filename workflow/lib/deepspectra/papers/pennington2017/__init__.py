"""Pennington and Worah (2017), Nonlinear random matrix theory for deep learning.

``items``        the figures: titles, notes, inputs, parameters
``settings``     what the configuration sets
``simulations``  spectra of random networks and random features
``statistics``   numbers of the figures
``figures``      their drawings
``claims``       the paper's claims, read from the numbers
"""
