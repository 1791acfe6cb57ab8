"""Errors, files, tables, HDF5, random streams, progress, the frame of a job, and rerun digests.

This layer carries bytes, so its code is no part of the rerun digests.
"""

__all__ = ["FORMAT"]

#: Version of the bytes that this layer determines: HDF5 files, CSV and Markdown tables, random streams. Golden files
#: (tests/unit/runtime/test_golden.py) fail when the bytes change; if that is on purpose, raise it: all results are then
#: made anew.
FORMAT = 1
