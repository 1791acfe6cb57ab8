"""Training of networks: mini-batches, optimisers, augmentation."""
