"""What all tests share: one BLAS thread a process, and the longest tests first."""

import os

# Small matrices are faster so, and pytest itself runs several processes.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


def pytest_collection_modifyitems(items):
    """Runs of the workflow first: each file stays in one process, while the other processes do the rest."""
    longest = [
        *("test_smoke.py", "test_bad_input.py", "test_slurm.py", "test_kills.py", "test_reruns.py"),
        *("test_training.py", "test_rules.py", "test_profiles.py", "test_elsewhere.py"),
    ]
    items.sort(key=lambda item: longest.index(item.path.name) if item.path.name in longest else len(longest))
