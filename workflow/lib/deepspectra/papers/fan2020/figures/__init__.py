"""Figures of Fan and Wang (2020), drawn from tidy tables of the plotted numbers.

``initialisation``  kernels at random weights beside their limit laws
``training``        kernels before and after training
``images``          CIFAR-10 with and without its principal components
``legends``         legends that also hold numbers
"""
