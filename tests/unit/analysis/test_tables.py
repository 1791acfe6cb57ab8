"""Tables of an analysis in files: what is read is what was written, texts and numbers to the last bit."""

import numpy as np
import pandas as pd
import pytest

from deepspectra.analysis.network import analyse
from deepspectra.analysis.null_files import lend
from deepspectra.analysis.page import write_page
from deepspectra.analysis.tables import read_tables, write_tables
from deepspectra.runtime.errors import UserError


def written(analysis, folder):
    folder.mkdir()
    write_tables(analysis, folder)
    return read_tables(folder)


def test_tables_come_back_to_the_last_bit(tmp_path):
    """With names that look like numbers or like nothing, a matrix that failed, and one that moved."""
    rng = np.random.default_rng(1)
    before = {f"{name}.weight": rng.standard_normal((40, 30)) for name in ("0", "nan", "1e3")}
    after = {name: array + 0.1 * rng.standard_normal((40, 30)) for name, array in before.items()}
    after |= {"bad.weight": np.full((40, 30), np.nan), "bias": np.ones(3)}
    found = analyse(after, initial=before, draws=99, vector_draws=199, cache=tmp_path / "nulls")
    back = written(found, tmp_path / "tables")
    assert list(back.matrices.name) == ["0", "nan", "1e3", "bad"]
    for name in ("matrices", "left_out", "curves", "vectors"):
        old, new = getattr(found, name), getattr(back, name)
        assert list(old) == list(new)
        for column in old:
            texts = old[column].map(type).eq(str).any()
            if texts:
                assert new[column].tolist() == old[column].fillna("").tolist(), column
            else:
                np.testing.assert_array_equal(new[column].to_numpy(float), old[column].to_numpy(float), column)
    assert (back.origin, back.findings, back.notes) == (found.origin, found.findings, found.notes)
    # And so does what is drawn of them.
    first, second = tmp_path / "first", tmp_path / "second"
    for analysis, folder in ((found, first), (back, second)):
        folder.mkdir()
        write_page(analysis, folder)
    for name in ("index.html", "summary.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_network_without_a_matrix_that_could_be_analysed_has_tables_and_a_page(tmp_path):
    found = analyse({"bad.weight": np.full((40, 30), np.nan)}, draws=99, vector_draws=199, cache=tmp_path / "nulls")
    back = written(found, tmp_path / "tables")
    assert back.matrices.note.tolist() == found.matrices.note.tolist()
    assert back.curves.empty
    assert back.vectors.empty
    assert "No matrix could be analysed" in write_page(back, tmp_path / "tables").read_text()
    found.plot()


def test_a_folder_without_them_is_named(tmp_path):
    with pytest.raises(UserError, match="does not hold the tables of an analysis"):
        read_tables(tmp_path)


def test_draws_are_lent_to_another_folder_and_theirs_stay(tmp_path):
    file, cache = tmp_path / "levels.h5", tmp_path / "a" / "cache"
    file.write_bytes(b"draws")
    lend(file, cache)
    assert (cache / "levels.h5").read_bytes() == b"draws"
    file.write_bytes(b"others")
    (cache / "levels.h5").unlink()
    (cache / "levels.h5").write_bytes(b"theirs")
    lend(file, cache)
    assert (cache / "levels.h5").read_bytes() == b"theirs"
    (tmp_path / "no folder").write_text("")
    lend(file, tmp_path / "no folder")
    assert pd.Series(tmp_path.iterdir()).size == 3
