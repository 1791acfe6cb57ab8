from __future__ import annotations

import h5py
import numpy as np
import pytest

from deepspectra.rmt.limits.eigenvalue_files import check_matrix_name, check_name, read_eigenvalues, read_matrix
from deepspectra.runtime.errors import UserError

VALUES = np.array([0.25, 1.0, 3.5])


@pytest.fixture
def files(tmp_path, monkeypatch):
    """One file of every kind, good and bad, in the current folder."""
    monkeypatch.chdir(tmp_path)
    np.savetxt("plain.csv", VALUES)
    (tmp_path / "headed.csv").write_text("eigenvalue\n0.25\n1.0\n\n3.5\n")
    (tmp_path / "two.csv").write_text("x,y\n1,2\n")
    (tmp_path / "words.csv").write_text("0.25\nlarge\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    np.save("plain.npy", VALUES)
    np.save("column.npy", VALUES[:, None])
    np.save("whole.npy", np.array([1, 2, 3]))
    np.save("square.npy", np.ones((3, 3)))
    np.save("complex.npy", VALUES + 1j)
    np.save("objects.npy", np.array([1, "a"], dtype=object))
    np.save("empty.npy", np.empty(0))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "plain.npy").read_bytes()[:-4])
    with h5py.File("plain.h5", "w") as file:
        file["input"] = VALUES
        file["deep/conjugate"] = VALUES
    (tmp_path / "cut.h5").write_bytes((tmp_path / "plain.h5").read_bytes()[:700])
    return tmp_path


@pytest.mark.parametrize(
    ("path", "dataset"),
    [
        ("plain.csv", None),
        ("headed.csv", None),
        ("plain.npy", None),
        ("column.npy", None),
        ("plain.h5", "input"),
        ("plain.h5", "deep/conjugate"),
    ],
)
def test_every_kind_of_file_gives_its_numbers(files, path, dataset):
    values = read_eigenvalues(path, dataset)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, VALUES)
    np.testing.assert_array_equal(read_eigenvalues(str(files / path), dataset), VALUES)


def test_whole_numbers_and_nothing_at_all_are_numbers(files):
    """That a spectrum must not be empty is for the spectrum to say."""
    np.testing.assert_array_equal(read_eigenvalues("whole.npy"), [1, 2, 3])
    assert read_eigenvalues("empty.csv").shape == read_eigenvalues("empty.npy").shape == (0,)


@pytest.mark.parametrize(
    ("path", "dataset", "words"),
    [
        ("missing.csv", None, "there is no file of eigenvalues at 'missing.csv'"),
        ("plain.txt", None, r"end in \.csv, \.npy, \.h5, \.hdf5; found 'plain.txt'"),
        ("plain.h5", None, "name one of 'plain.h5' as dataset"),
        ("plain.csv", "input", "only HDF5 files have data sets; 'plain.csv' is none, leave out dataset: input"),
        ("two.csv", None, "two.csv: expected one number a line, found 'x,y' in line 1"),
        ("words.csv", None, "words.csv: expected one number a line, found 'large' in line 2"),
        ("binary.csv", None, "binary.csv: expected text with one number a line, found a binary file"),
        ("square.npy", None, r"square.npy: expected one column of eigenvalues, found an array of shape \(3, 3\)"),
        ("complex.npy", None, "complex.npy: expected real numbers, found an array of complex128"),
        ("objects.npy", None, "objects.npy is not a whole .npy file of numbers"),
        ("cut.npy", None, "cut.npy is not a whole .npy file of numbers"),
        ("plain.h5", "output", "plain.h5 has no data set 'output'; at its top it has input"),
        ("plain.h5", "deep", "plain.h5 has no data set 'deep'"),
        ("cut.h5", "input", "cut.h5 is not a whole HDF5 file"),
    ],
)
def test_what_is_no_column_of_numbers_is_named(files, path, dataset, words):
    with pytest.raises(UserError, match=words):
        read_eigenvalues(path, dataset)


def test_a_name_is_checked_without_its_file():
    check_name("nowhere.h5", "input")
    check_name("nowhere.CSV", None)
    with pytest.raises(UserError, match="as dataset"):
        check_name("nowhere.hdf5", None)


def test_matrices_are_read_from_binary_files(files):
    with h5py.File("matrix.h5", "w") as file:
        file["gram"] = np.arange(6).reshape(2, 3)
    for found, expected in (
        (read_matrix("square.npy"), np.ones((3, 3))),
        (read_matrix("matrix.h5", "gram"), np.arange(6).reshape(2, 3)),
    ):
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("path", "dataset", "words"),
    [
        ("missing.npy", None, "there is no file of a matrix at 'missing.npy'"),
        ("plain.csv", None, "matrices are read from .npy and HDF5 files, not from text; found 'plain.csv'"),
        ("plain.npy", None, r"plain.npy: expected a matrix, found an array of shape \(3,\)"),
        ("plain.h5", "input", r"plain.h5: expected a matrix, found an array of shape \(3,\)"),
        ("complex.npy", None, "complex.npy: expected real numbers, found an array of complex128"),
        ("cut.npy", None, "cut.npy is not a whole .npy file of numbers"),
    ],
)
def test_what_is_no_matrix_is_named(files, path, dataset, words):
    with pytest.raises(UserError, match=words):
        read_matrix(path, dataset)
    check_matrix_name("nowhere.npy", None)
