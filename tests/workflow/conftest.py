"""A copy of the project to run Snakemake in, so that tests neither see nor leave anything in the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from . import prepared

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9/"
#: For the environment of a run: every address and registry is behind a closed port.
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), CLOSED) | {
    **{"npm_config_registry": CLOSED, "PIP_INDEX_URL": CLOSED, "PIP_CONFIG_FILE": "/dev/null"},
    **{"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": "", "no_proxy": "", "NO_PROXY": ""},
}


@dataclass(frozen=True)
class Project:
    """A copy of the checkout."""

    folder: Path

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start Snakemake in the copy, in a process group of its own; both outputs come together in ``stdout``."""
        return subprocess.Popen(**self._run(arguments, environment), start_new_session=True)

    def snakemake(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in the copy to its end; both outputs come together in ``stdout``."""
        run = self._run(arguments, environment)
        status, output = prepared.snakemake(arguments, self.folder, run["env"])
        return subprocess.CompletedProcess(run["args"], status, output)

    def _run(self, arguments: tuple[str, ...], environment: dict[str, str]) -> dict[str, object]:
        # Only what the project itself sets may put its library on the path.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {
            "args": [sys.executable, "-m", "snakemake", *arguments],
            "cwd": self.folder,
            "env": inherited | {"XDG_CACHE_HOME": str(self.folder.parent / "cache")} | environment,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.STDOUT,
            "text": True,
        }

    def jobs(self, *arguments: str) -> dict[str, int]:
        """Number of jobs by rule that a dry run lists."""
        result = self.snakemake("--quiet", "rules", "--dry-run", *arguments)
        assert result.returncode == 0, result.stdout
        if "Nothing to be done" in result.stdout:
            return {}
        lines = result.stdout.partition("Job stats:")[2].splitlines()
        table = [line.split() for line in lines[3:]]
        end = next(index for index, words in enumerate(table) if not words)
        return {rule: int(count) for rule, count in table[:end] if rule != "total"}


def copy_project(folder: Path) -> Project:
    """The files that git knows or would take, in another folder."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        # The link to the profiles is one too.
        if (ROOT / name).is_file() or (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    return Project(folder)


def bring_data(project: Project) -> None:
    """What the checkout has downloaded, if anything: an image runs its tests without a network."""
    for name in ("backbones", "data"):
        if (ROOT / "resources" / name).is_dir():
            shutil.copytree(ROOT / "resources" / name, project.folder / "resources" / name)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A fresh copy for each test module, in a folder whose name has a space."""
    return copy_project(tmp_path_factory.mktemp("a project"))
