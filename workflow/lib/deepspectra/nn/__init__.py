"""Networks: activations, architectures, losses, and what their training left on the disk."""
