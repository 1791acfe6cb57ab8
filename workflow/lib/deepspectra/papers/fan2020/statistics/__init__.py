"""The numbers behind the figures of Fan and Wang (2020).

``spectra``         curves and summary that accumulate panel by panel, spectra, histograms and limit densities
``initialisation``  kernels at random weights: figures 1, 2, S2 and S4
``training``        kernels before and after training: figures 3, S5 and S6
``images``          CIFAR-10 with and without its principal components: figures S1 and S3
"""
