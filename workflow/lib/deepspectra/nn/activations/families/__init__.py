"""Activations with parameters: pennington2017's, scaled to zero mean and eta = E[f(z)^2] = 1 (eq. 10).

Its limit law knows an activation by eta and zeta = E[f'(z)]^2 alone.
"""
