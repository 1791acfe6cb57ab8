"""What the columns of an analysis are called, and what they say."""

__all__ = ["COLUMNS", "EXPLANATIONS", "OVERVIEW", "PANELS"]

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
    "has_bulk": "bulk",
    "bulk_distance": "bulk distance",
    "bulk_q": "bulk q",
    "fraction": "MP share",
    "fit_distance": "MP distance",
    "spacing_levels": "levels",
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
    "alpha_random": "random matrices' exponent",
    "alpha_q": "exponent q",
    "alpha_weightwatcher": "WeightWatcher's",
    "relative_change": "moved",
    "change_above": "directions moved",
    "overlap": "overlap",
    "note": "note",
}

#: By headings: what they say.
EXPLANATIONS = {
    "rank": (
        "singular values above the rounding of the stored numbers; of a product of lower rank, also above that of the "
        "sums that made it, which a gap tells (a factor of 1000)."
    ),
    "above, below": (
        "singular values outside the bulk, the law of a random matrix whose scale is the median of the bulk, which "
        "outliers hardly move. A random matrix has one on a side with probability 0.01 (Monte Carlo, same shape). If "
        "half of the values or more lie outside, or those inside do not follow the law (distribution functions that "
        "differ by more than 0.15, and four values), there is no such bulk (bulk: no), and the numbers count no "
        "separate directions. That is a lenient rule, which equally spaced values pass: the next two columns tell "
        "whether a bulk is a random matrix's (yes) or only roughly so. Zeros count as below. Fewer than 15 values "
        "above rounding are not judged."
    ),
    "bulk distance, bulk q": (
        "largest difference between the distribution functions of the values inside and of the law, and whether a "
        "random matrix would be as far from it (Monte Carlo, same shape; q is corrected for the number of matrices). "
        "Trained matrices are mostly nearly random in this sense, not exactly: a distance of 0.05 is hard to see and "
        "far beyond chance, since levels of random matrices are rigid."
    ),
    "MP share, MP distance": (
        "share of the values that follow a Marchenko-Pastur law with fitted edges, and the largest difference of the "
        "distribution functions. Beyond 0.05, and beyond that of 99 % of random matrices, the law does not describe "
        "the spectrum, and the share means little."
    ),
    "levels, spacing p, variance p": (
        "how many levels are tested, and Monte Carlo p-values against random matrices of the same shape, unfolded and "
        "cut alike: Kolmogorov-Smirnov distance of the spacings to the Wigner surmise, and largest deviation of the "
        "number variance for intervals of 1 to 10 levels. Outliers and the 15 levels next to them are left out; in a "
        "spectrum without a bulk spacings are tested within the fitted law, the number variance between the edges. "
        "With very many outliers, 40 of 160 values, p is too small: 0.05 in 10 to 15 % of the matrices. "
        "q is corrected for the number of matrices whose levels rounding does not blur (Benjamini and Hochberg)."
    ),
    "output vectors, input vectors": (
        "left and right singular vectors whose entries are not Gaussian (Porter-Thomas), at a false discovery rate of "
        "0.05 over all vectors of the network, and their ranks from the largest singular value."
    ),
    "exponent": (
        "of a power law fitted to the largest squared singular values (Clauset et al. 2009); its p-value (small: the "
        "tail is no power law); the median exponent of random matrices of the same shape; and corrected q of the "
        "hypothesis that the tail is as steep as theirs. A spiked or heavy tail has a smaller exponent."
    ),
    "WeightWatcher's": (
        "what WeightWatcher 0.7.7 prints as alpha for a dense layer, an embedding or a convolution in two dimensions. "
        "It leaves out eigenvalues up to 1e-5, whatever the weights' scale, pools the matrices of all places in a "
        "kernel, and corrects fewer than 20 values for bias, so that it may differ from the exponent. It prints none "
        "for parts of a layer."
    ),
    "moved": (
        "with an initial checkpoint: Frobenius norm of the change over that of the initial matrix; directions of the "
        "change above its own bulk; mean squared overlap of these with as many leading directions before training, "
        "which lie along them if it is over what random directions share by a tenth of the rest, and by five standard "
        "deviations of random ones. Rows and columns that did not move are left out. An initial matrix of zeros has no "
        "norm."
    ),
}

#: What stands below the overview, and above the panels.
OVERVIEW = (
    "One row for each matrix, in the network's order; colours and shapes are kinds of layers. From left: values "
    "above (filled) and below (open) the random bulk; Monte Carlo p-values of spacings and number variance, ringed "
    "in black where they count after correction for all matrices, with the dashed line at 0.05 before it; distance "
    "of the bulk from its law, open where a random matrix's is as large (matrices without a bulk have none, and "
    "their values outside are grey); share of vectors that are not random; exponent of a power law fitted to the "
    "tail, beside the median of random matrices (|); with an initial checkpoint, the norm of the change over that "
    "of the initial matrix."
)
PANELS = {
    "a": "density of singular values; red the law of a random matrix with this bulk, dashed the fit with free edges.",
    "b": "singular values by rank; grey the bulk, orange what lies outside it.",
    "c": "share of squared singular values above x, with the power law that fits the tail best.",
    "d": "spacings of the unfolded levels between the outliers, with the law of large random matrices.",
    "e": "variance of the number of levels in intervals, with the central 95 % of random matrices of this shape; "
    "lengths of 1 to 10 are tested.",
    "f": "each singular vector's p-value: are its entries Gaussian? Large dots count after correction for all vectors.",
}
