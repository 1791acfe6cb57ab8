"""Folders that cannot hold results are reported before anything is computed."""

from __future__ import annotations

import errno
import os
import re
import tempfile

import pytest

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.files import check_folder


def test_a_folder_and_none_yet_are_fine(tmp_path):
    check_folder(tmp_path)
    check_folder(tmp_path / "none" / "yet")
    (tmp_path / "link").symlink_to(tmp_path)
    check_folder(tmp_path / "link")


@pytest.mark.parametrize("name", ["results", "results/below", "results/far/below"])
def test_a_file_or_a_link_to_nowhere_in_its_place_or_above_it(tmp_path, name):
    (tmp_path / "results").symlink_to("/nowhere/at/all")
    with pytest.raises(UserError, match="results is a link to /nowhere/at/all, which does not exist"):
        check_folder(tmp_path / name, written=False)
    (tmp_path / "results").unlink()
    (tmp_path / "results").write_text("mine")
    with pytest.raises(UserError, match=r"results must be a folder, but is a file\. Move it"):
        check_folder(tmp_path / name, written=False)


def test_names_that_no_folder_can_have(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for name, words in ((300 * "a", "File name too long"), ("loop", "Too many levels of symbolic links")):
        with pytest.raises(UserError, match=rf"{name} cannot be a folder: {words}\. Name another one"):
            check_folder(tmp_path / name)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")
def test_where_nobody_can_make_a_folder():
    """The superuser has permission there."""
    with pytest.raises(UserError, match=r"^/proc is read-only \("):
        check_folder("/proc/none/yet")


def test_a_read_only_folder_is_enough_for_a_dry_run(tmp_path, monkeypatch):
    """Pretended, since the superuser may write anywhere."""

    def refused(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    check_folder(tmp_path, written=False)
    for path in (tmp_path, tmp_path / "none" / "yet"):
        with pytest.raises(
            UserError, match=rf"^{re.escape(str(tmp_path))} is read-only \(.+\)\. Change its permissions"
        ):
            check_folder(path)


def test_a_folder_of_somebody_else_is_one_message(tmp_path, monkeypatch):
    """Pretended, since the superuser may read anything."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "stat", refused)
    with pytest.raises(UserError, match=r"cannot read .*results/smoke: Permission denied\. Ask the owner of"):
        check_folder(tmp_path / "results/smoke", written=False)
