"""Conjugate kernel and neural tangent kernel of a feed-forward network (fan2020), without a Jacobian."""
