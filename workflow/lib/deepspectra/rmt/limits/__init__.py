"""Limit laws without a closed form: defined by equations for their Stieltjes transform, solved numerically."""
