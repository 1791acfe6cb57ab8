"""One comparison a file, each with a ``COMPARISON``; no imports of the project or of its peers at the top."""
