"""Activations with parameters: pennington2017's, scaled to zero mean and eta = E[f(z)^2] = 1 (eq. 10)."""
