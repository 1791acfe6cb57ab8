"""Random matrix theory with NumPy and SciPy alone; no module here knows a network.

``laws``             laws in closed form
``limits``           limit laws defined by equations, solved numerically
``nulls``, ``gaussian_process``  samplers of random matrices
``unfolding``        maps of a spectrum to unit mean density
``levels``           statistics of unfolded levels and of singular vectors
``ratios``           ratios of neighbouring spacings, without unfolding
``distances``        distances between samples and laws
``calibration``      p-values and bands from draws of the null hypothesis
"""
