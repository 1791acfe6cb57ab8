"""Conjugate kernel and neural tangent kernel of a feed-forward network (fan2020), without a Jacobian.

``networks``        kernels of a network with random or given weights, layer by layer
``equivalents``     what stands in for a network in the limit: lemma 3.5's sum, and a linear model with noise
``means``           between a network's tangent kernel and that sum: mean sensitivities
``initial``         all matrices of a random network, its stand-ins and its linear equivalent, by name
``trained``         the matrices of a network before and after training, by name
``decompositions``  eigenvalues of these matrices
``weights``         weight matrices in blocks of rows
``grams``           Gram matrices in blocks, in the precision asked for, and their entrywise products
``waiting``         matrices that the forward pass leaves for the backward pass
"""
