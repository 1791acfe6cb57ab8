"""Measure this library side by side with its peers, and write the table, the picture and the page.

uv run benchmarks/run.py [NAME[:SIZE] ...]
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from benchmarks.runner import main
    from deepspectra.runtime.errors import UserError

    try:
        raise SystemExit(main())
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
