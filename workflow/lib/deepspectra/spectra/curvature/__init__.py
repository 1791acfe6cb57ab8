"""Hessians and Gauss-Newton matrices of a batch's loss, dense and reduced to their non-zero spectrum."""
