"""Print the JSON schema of the data table."""

from __future__ import annotations

import json

from deepspectra.data.sources.table import schema

print(json.dumps(schema(), indent=2))
