"""Folders that cannot hold results are reported before anything is computed."""

from __future__ import annotations

import os
import re

import pytest

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import check_folder


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


def test_a_read_only_folder_is_enough_for_a_dry_run(tmp_path, monkeypatch):
    """Pretended, since the superuser may write anywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    check_folder(tmp_path, written=False)
    for path in (tmp_path, tmp_path / "none" / "yet"):
        with pytest.raises(UserError, match=rf"^{re.escape(str(tmp_path))} is read-only\. Change its permissions"):
            check_folder(path)


def test_a_folder_of_somebody_else_is_one_message(tmp_path, monkeypatch):
    """Pretended, since the superuser may read anything."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "stat", refused)
    with pytest.raises(UserError, match=r"cannot read .*results/smoke: Permission denied\. Ask the owner of"):
        check_folder(tmp_path / "results/smoke", written=False)
