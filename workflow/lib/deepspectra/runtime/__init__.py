"""What every job needs: errors, whole-or-absent files, tables, the HDF5 store, logs, seeds, the watch over its run."""
