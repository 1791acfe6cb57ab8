"""Weight matrices of any network: which there are, and what random matrix theory says of them."""
