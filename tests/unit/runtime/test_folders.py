"""Folders that cannot take results are named before anything is computed."""

from __future__ import annotations

import os
import re
import time

import pytest

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.folders import check_folder, check_times


def test_a_folder_and_none_yet_are_fine(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "none" / "yet")
    (tmp_path / "link").symlink_to(tmp_path)
    check_folder(tmp_path / "link")


def test_a_file_in_its_place(tmp_path):
    (tmp_path / "results").write_text("mine")
    with pytest.raises(UserError, match=r"results must be a folder, but is a file\. Move it"):
        check_folder(tmp_path / "results", written=False)


def test_a_link_to_nowhere(tmp_path):
    (tmp_path / "results").symlink_to("/nowhere/at/all")
    with pytest.raises(UserError, match="results is a link to /nowhere/at/all, which does not exist"):
        check_folder(tmp_path / "results", written=False)


def test_a_read_only_folder_does_for_a_plan_alone(tmp_path, monkeypatch):
    """The superuser may write anywhere: what the system answers is pretended."""
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    check_folder(tmp_path, written=False)
    for path in (tmp_path, tmp_path / "none" / "yet"):
        with pytest.raises(UserError, match=rf"^{re.escape(str(tmp_path))} is read-only\. Mend its permissions"):
            check_folder(path)


def test_a_folder_of_somebody_else_is_said_and_no_traceback(tmp_path, monkeypatch):
    """The superuser may look everywhere: what the system answers is pretended."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "stat", refused)
    with pytest.raises(UserError, match=r"results/smoke cannot be looked at: Permission denied\. Ask whoever owns"):
        check_folder(tmp_path / "results/smoke", written=False)


def test_files_from_the_future_are_counted_and_the_latest_named(tmp_path):
    for name, ahead in {"data/a.h5": 3600, "data/b.h5": 90_000, "data/c.h5": -10, "results/d": 2}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (time.time() + ahead,) * 2)
    (tmp_path / "results" / "link").symlink_to("/nowhere/at/all")
    check_times([tmp_path / "results", tmp_path / "none"])
    with pytest.raises(
        UserError, match=r"2 files are from the future, such as .*data/b\.h5 \(20.*find .*data -newermt"
    ):
        check_times([tmp_path / "data"])
