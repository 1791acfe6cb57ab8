"""What the columns of an analysis are called, and what they say."""

__all__ = ["COLUMNS", "EXPLANATIONS"]

#: Columns of the table that people read: name -> heading.
COLUMNS = {
    "name": "matrix",
    "kind": "kind",
    "outputs": "outputs",
    "inputs": "inputs",
    "dtype": "stored as",
    "rank": "rank",
    "above": "above",
    "below": "below",
    "fraction": "MP share",
    "fit_distance": "MP distance",
    "spacing_p": "spacing p",
    "spacing_q": "spacing q",
    "variance_p": "variance p",
    "variance_q": "variance q",
    "vectors_output": "output vectors",
    "ranks_output": "which",
    "vectors_input": "input vectors",
    "ranks_input": "which ",
    "alpha": "exponent",
    "alpha_fit_p": "exponent's p",
    "alpha_random": "random exponent",
    "relative_change": "moved",
    "change_above": "directions moved",
    "overlap": "overlap",
    "note": "note",
}

EXPLANATIONS = {
    "rank": "singular values above the rounding of the stored numbers.",
    "above, below": (
        "singular values outside the bulk. A random matrix has one on a side with probability 0.01 (Monte Carlo, same "
        "shape). The scale is the median of the bulk, which outliers hardly move."
    ),
    "MP share, MP distance": (
        "share of the values that follow a Marchenko-Pastur law with fitted edges, and the largest difference of the "
        "distribution functions. Above 0.05, and above that of 99 % of random matrices, the law does not describe the "
        "bulk, and outliers are relative to a law that does not hold."
    ),
    "spacing p, variance p": (
        "Monte Carlo p-values of the unfolded levels between the outliers, against random matrices of the same shape, "
        "unfolded and cut alike: Kolmogorov-Smirnov distance of the spacings to the Wigner surmise, and largest "
        "deviation of the number variance for intervals of 1 to 10 levels. q is corrected for the number of matrices "
        "(Benjamini and Hochberg)."
    ),
    "output vectors, input vectors": (
        "left and right singular vectors whose entries are not Gaussian (Porter-Thomas), at a false discovery rate of "
        "0.05 over all vectors of the network, and their ranks from the largest singular value."
    ),
    "exponent": (
        "of a power law fitted to the largest squared singular values, as common tools print it; its p-value (small: "
        "the tail is no power law); and the median exponent of random matrices of the same shape. A spiked or heavy "
        "tail has a smaller exponent than these."
    ),
    "moved": (
        "with an initial checkpoint: Frobenius norm of the change over that of the initial matrix; directions of the "
        "change above its own bulk; mean squared overlap of these with as many leading directions before training."
    ),
}
