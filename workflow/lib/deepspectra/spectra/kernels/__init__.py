"""Conjugate kernel and neural tangent kernel of a feed-forward network (fan2020), without a Jacobian.

``networks``        kernels of a network with random or given weights, layer by layer
``equivalents``     what stands in for a network in the limit; all matrices of a random network, by name
``means``           between a network's tangent kernel and lemma 3.5's sum: mean sensitivities
``trained``         the matrices of a network before and after training, by name
``decompositions``  eigenvalues of these matrices
``weights``         weight matrices in blocks of rows
``grams``           Gram matrices in blocks, in the precision asked for, and their entrywise products
``waiting``         matrices that the forward pass leaves for the backward pass
"""
