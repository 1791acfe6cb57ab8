"""Write what is made from the configuration's models: the table in README.md and the JSON schema.

Run it after a change of a key, its meaning or its value:

    uv run config/update_docs.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow" / "lib"))

from deepspectra.config import describe_keys, json_schema, load_settings  # noqa: E402

README, SCHEMA = ROOT / "config" / "README.md", ROOT / "workflow" / "schemas" / "config.schema.json"
BLOCK = re.compile(r"(<!-- keys: begin -->\n).*?(<!-- keys: end -->\n)", re.DOTALL)


def write() -> None:
    """Put the table between its markers in README.md, and write the schema."""
    table = describe_keys(load_settings(ROOT / "config"))
    text, count = BLOCK.subn(lambda markers: markers[1] + table + markers[2], README.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{README} must hold the markers <!-- keys: begin --> and <!-- keys: end --> once")
    README.write_text(text, encoding="utf-8")
    SCHEMA.write_text(json_schema(), encoding="utf-8")


if __name__ == "__main__":
    write()
