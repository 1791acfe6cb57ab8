"""Pennington and Worah (2017), Nonlinear random matrix theory for deep learning.

``items``                the figures: titles, notes, inputs, parameters
``settings``             what the configuration sets
``simulations``          spectra of random networks and random features
``covariance_distance``  numbers of figure 1
``memorisation``         numbers of figure 2
``activation_curves``    numbers of figure 3
``figures``              their drawings
``claims``               the paper's claims, read from the numbers
"""
