"""Fan and Wang (2020): spectra of the conjugate kernel and neural tangent kernel."""
