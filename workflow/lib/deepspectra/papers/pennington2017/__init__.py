"""Pennington and Worah (2017), Nonlinear random matrix theory for deep learning."""
