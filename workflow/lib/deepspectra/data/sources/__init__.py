"""Downloads: data sets, pretrained weights and backbones, through one retrieval that checks hashes (``fetching``)."""
