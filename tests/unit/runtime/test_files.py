"""Files that are whole or absent: what fails or fills the disk leaves everything as it was, with one message."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

from deepspectra.papers import style
from deepspectra.runtime import files
from deepspectra.runtime.errors import UserError, naming_full_disk
from deepspectra.runtime.files import replacing, write_table, write_text

TABLE = pd.DataFrame({"x": [0.1, 1e-17], "name": ["a", "b, c"]})


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_table_is_what_pandas_writes(tmp_path):
    write_table(TABLE, tmp_path / "new" / "a.csv", float_format="%.3g")
    TABLE.to_csv(tmp_path / "b.csv", index=False, lineterminator="\n", float_format="%.3g")
    assert (tmp_path / "new" / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_text_is_utf_8(tmp_path):
    write_text("π\n", tmp_path / "a.md")
    assert (tmp_path / "a.md").read_bytes() == b"\xcf\x80\n"


@pytest.mark.parametrize("before", [None, b"what was there"])
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_body_that_fails_leaves_everything_as_it_was(tmp_path, before, failure):
    path = tmp_path / "a"
    if before:
        path.write_bytes(before)

    def write():
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            assert (path.read_bytes() if path.exists() else None) == before
            raise failure

    with pytest.raises(failure):
        write()
    assert [name.read_bytes() for name in tmp_path.iterdir()] == [before] * bool(before)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_one_message_with_the_file_and_what_to_do(tmp_path, number):
    with pytest.raises(UserError) as caught, replacing(tmp_path / "a.csv"):
        raise OSError(number, os.strerror(number))
    for words in ("no space left", str(tmp_path / "a.csv"), "free some space and give the same command again"):
        assert words in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_other_troubles_are_left_as_they_are(tmp_path):
    with pytest.raises(PermissionError), replacing(tmp_path / "a"):
        raise PermissionError(errno.EACCES, "denied")
    with pytest.raises(RuntimeError, match="shapes"), naming_full_disk():
        raise RuntimeError("shapes do not agree: 28 and 27")


def test_the_hdf5_library_s_words_are_understood(tmp_path):
    words = "Can't decrement id ref count (file write failed: time = now, filename = 'a', errno = 28, error message = '"
    with pytest.raises(UserError, match="no space left"), naming_full_disk(tmp_path):
        raise RuntimeError(words + "No space left on device')")


def test_a_full_disk_behind_another_error_is_found(tmp_path):
    """As of Matplotlib, which fails again when it closes a PDF file."""

    def write():
        try:
            full()
        finally:
            raise ValueError("inconsistent stream state")

    with pytest.raises(UserError, match="no space left"), naming_full_disk(tmp_path):
        write()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_what_matplotlib_says_of_a_full_disk_is_understood(suffix):
    figure, _ = style.new_figure(2, 1)
    figure.subplots().plot(range(1000))
    with pytest.raises(UserError, match="no space left"), naming_full_disk("a"):
        figure.savefig("/dev/full", format=suffix)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_log_on_a_full_disk_says_nothing_of_itself(capfd):
    code = """
        import logging
        from deepspectra.runtime.job import job
        with job("/dev/full"):
            logging.getLogger("a").info("a line")
            raise OSError(28, "No space left on device")
    """
    environment = os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[2])}
    result = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment)
    assert result.returncode == 1
    said = capfd.readouterr().err
    assert said.startswith("\nerror: no space left")
    assert "Traceback" not in said


def test_what_the_error_names_is_told(tmp_path):
    with pytest.raises(UserError, match=r"of .*/a\.log"), naming_full_disk():
        raise OSError(errno.ENOSPC, "full", str(tmp_path / "a.log"))


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_a_figure_is_whole_or_absent(tmp_path, monkeypatch, suffix):
    figure, _ = style.new_figure(2, 1)
    files = {kind: tmp_path / f"a.{kind}" for kind in ("pdf", "png")}
    style.save(figure, files["pdf"], files["png"])
    before = {kind: path.read_bytes() for kind, path in files.items()}
    write = figure.savefig

    def savefig(path, *, format, **options):
        write(path, format=format, **options)
        if format == suffix:
            full()

    monkeypatch.setattr(figure, "savefig", savefig)
    with pytest.raises(UserError, match=rf"no space left on the disk .*a\.{suffix}"):
        style.save(figure, files["pdf"], files["png"])
    assert {path.suffix[1:]: path.read_bytes() for path in tmp_path.iterdir()} == before
