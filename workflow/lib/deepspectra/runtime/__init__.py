"""Errors, files, tables, HDF5, progress, the frame of a job, and rerun digests.

This layer carries bytes and makes no numbers, so its code is no part of the rerun digests.
"""

__all__ = ["FORMAT"]

#: Version of the bytes that this layer writes. Raise it when they change on purpose: all results are then made anew.
FORMAT = 1
