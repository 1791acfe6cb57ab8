"""The configuration: one typed source for every parameter, read from YAML and checked before anything runs.

``config/config.yaml`` holds the parameters as published (paper scale). A scale is that file with a few values made
smaller by ``config/{scale}.yaml``, and on top of it whatever the user gives on the command line. The models of this
package, one module for each paper, say what every key means; the JSON schema and the table in ``config/README.md`` are
made from them.
"""

from deepspectra.config.descriptions import describe_keys, describe_scale, differences, json_schema
from deepspectra.config.loading import ScaledSettings, check_files, load_settings
from deepspectra.config.settings import SCALES, Settings

__all__ = [
    "SCALES",
    "ScaledSettings",
    "Settings",
    "check_files",
    "describe_keys",
    "describe_scale",
    "differences",
    "json_schema",
    "load_settings",
]
