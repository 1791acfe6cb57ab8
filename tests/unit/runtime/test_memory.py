"""Freed memory stays with the process: by the number of page faults."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

CODE = """
import resource, sys
import numpy as np
from deepspectra.runtime.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(11):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(10_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(argument):
    """Page faults for 80 MB, after the same have been freed."""
    command = [sys.executable, "-c", CODE, argument]
    environment = {"PYTHONPATH": ":".join(sys.path), "NUMPY_MADVISE_HUGEPAGE": "0"}
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_memory_is_not_fetched_again():
    """80 MB are 19,531 pages of 4 kB, or 1221 of 64 kB."""
    assert faults("kept") < 50
    assert faults("returned") > 1000
