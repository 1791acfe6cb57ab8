"""Networks and what belongs to them. Nothing here knows a data set or a paper's settings.

``activations``    by name, with parameters, and the user's own
``architectures``  shapes, module and cost of the networks trained here, by name
``backbones``      networks trained on ImageNet, by name
``embedding``      backbones as maps from images to features
``images``         sizes and classes of images
``linearised``     a network linearised around one layer's initial weights
``loading``        networks with the weights that a training stored
``losses``         losses and their curvature in the outputs
``networks``       initial weights, parameters as arrays
``panel_series``   functions known by their values, and their derivatives
``quadrature``     expectations of functions of a Gaussian
``special``        functions on NumPy arrays and torch tensors alike
"""
