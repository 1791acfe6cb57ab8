"""Data: where files come from (``sources``), each data set (``sets``), and samples and tasks made from them."""
