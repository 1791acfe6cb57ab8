"""Environment variables that give a process's libraries one thread; they are read when the libraries are loaded."""

__all__ = ["ONE_THREAD"]

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")
}
