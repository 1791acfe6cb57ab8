"""Freed memory stays with the process."""

import ctypes

__all__ = ["keep_freed_memory"]

# Parameters of glibc's mallopt.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Keep up to 2 GB that the process has freed for its next arrays, where the C library is glibc.

    By default glibc returns large blocks to the system. To get them again, page by page and cleared, takes longer than
    to fill them: a loop that allocates the same tens of megabytes in every step spends a tenth of its time on that.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
