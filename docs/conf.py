"""The documentation: pages below docs/, and those that lie where they belong (findings, configuration, benchmarks).

    uv run --group docs sphinx-build -W -c docs . docs/_build

The source folder is the whole checkout, so every page has one place, and links between pages are those of the files.
"""

import os
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "workflow" / "lib")]
# The gallery's matrices are small: one thread takes a fraction of the processor time of several.
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "deepspectra"
author = "the deepspectra contributors"
copyright = author
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "matplotlib.sphinxext.plot_directive", "extension"]
root_doc = "docs/index"
include_patterns = [
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**.md", "config/README.md", "results/README.md"),
    *("resources/*.md", "benchmarks/*.md", "tests/reruns.md", "tests/surroundings.md"),
]
# Folders that are large and hold no page are not even looked into.
exclude_patterns = [
    *("docs/_build", ".*", "**/.environments", "**/__pycache__", "workflow", "envs", "tests/[!rs]*"),
    *("results/[!R]*", "resources/data", "resources/weights", "resources/backbones", "resources/record"),
]
suppress_warnings = ["myst.strikethrough"]

# Headings have the addresses that forges give them.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
add_module_names = False
python_use_unqualified_type_names = True

# Programs of the gallery import what they need, as a reader's would.
plot_pre_code = ""
plot_formats = [("png", 160)]
plot_html_show_formats = plot_html_show_source_link = False
plot_rcparams = {
    **{"font.size": 8, "axes.titlesize": 8.5, "legend.frameon": False, "lines.linewidth": 1.2},
    **{"axes.spines.top": False, "axes.spines.right": False},
}

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "deepspectra"
html_baseurl = ""
html_copy_source = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "start.html"}
templates_path = ["_templates"]
highlight_language = "text"
pygments_style, pygments_dark_style = "friendly", "github-dark"
