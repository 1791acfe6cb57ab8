"""The README's tutorial runs as it stands, and training leaves what it says."""

import re
import runpy

from tests import ROOT


def test_the_readme_trains_and_analyses_a_network(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
    (code,) = (block for block in blocks if "deepspectra.analyse" in block)
    (tmp_path / "tutorial.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = runpy.run_path(str(tmp_path / "tutorial.py"))["found"]
    first = found.matrices.set_index("name").loc["0"]
    # Five directions decide: four differences of them, since labels are the largest of five numbers.
    assert 4 <= first.above <= 5
    assert first.relative_change > 0.1
    assert (tmp_path / "spectra_tutorial" / "index.html").is_file()
