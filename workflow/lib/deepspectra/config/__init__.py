"""The configuration: every parameter is typed, read from YAML, and checked before anything runs.

``config/config.yaml`` holds the published parameters (paper scale). The other scales are this file with some values
made smaller by ``config/{scale}.yaml``. The user's own values take precedence over both. The models of
:mod:`deepspectra.config.settings`, and of each paper's ``settings``, say what every key means.
"""

from deepspectra.config.descriptions import describe_scale, differences, explain_keys, sizes_of
from deepspectra.config.loading import ScaledSettings, check_files, load_settings, read_overrides
from deepspectra.config.settings import RECORDED, SCALES, Settings, scale_name

__all__ = ["RECORDED", "SCALES", "ScaledSettings", "Settings", "check_files", "describe_scale", "differences"]
__all__ += ["explain_keys", "load_settings", "read_overrides", "scale_name", "sizes_of"]
