from __future__ import annotations

import gzip
import re

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


# Files as common tools write them. pandas heads a column without a name by 0, and R drops ".0".
READ = {
    "NumPy": b"2.500000000000000000e-01\n1.000000000000000000e+00\n3.500000000000000000e+00\n",
    "NumPy with a header": b"# eigenvalues\n# of X'X\n0.25\n1.0\n3.5\n",
    "pandas with a name": b"eigenvalue\n0.25\n1.0\n3.5\n",
    "R without row names": b'"x"\n0.25\n1\n3.5\n',
    "Excel, UTF-8": b"\xef\xbb\xbf0.25\r\n1\r\n3.5\r\n",
    "Excel with a heading": b"\xef\xbb\xbfEigenvalue (sorted)\r\n0.25\r\n1\r\n3.5\r\n",
    "MATLAB, save -ascii": b"   2.5000000e-01\n   1.0000000e+00\n   3.5000000e+00\n",
    "Fortran, double": b"  0.250000000000000D+00\n  0.100000000000000D+01\n  0.350000000000000d+01\n",
    "old Mac": b".25\r+1.\r3.5\r",
    "no end of the last line": b"0.25\n1.0\n3.5",
    "accents in a heading": "Größe λ_k\n0.25\n1\n3.5\n".encode(),
}

REFUSED = {
    "decimal commas": ("0,25\n1,0\n3,5\n", "'0,25' in line 1"),
    "decimal commas from the second line on": ("1\n0,5\n", "'0,5' in line 2"),
    "thousands": ("0.25\n1,234.5\n", "'1,234.5' in line 2"),
    "thousands by spaces": ("0.25\n1 234.5\n", "'1 234.5' in line 2"),
    "thousands by apostrophes": ("0.25\n1'234.5\n", "in line 2"),
    "thousands by points": ("0.25\n1.234.567\n", "'1.234.567' in line 2"),
    "underscores": ("0.25\n1_000.5\n", "'1_000.5' in line 2"),
    "semicolons": ("0.25;1.0\n1.0;2.0\n", "'0.25;1.0' in line 1"),
    "semicolons in the first line alone": ("0.25;9\n1.0\n3.5\n", "'0.25;9' in line 1"),
    "tabs": ("0.25\t1.0\n", "in line 1"),
    "spaces": ("0.25 1.0 3.5\n", "'0.25 1.0 3.5' in line 1"),
    "a row": ("0.25,1.0,3.5\n", "in line 1"),
    "trailing commas": ("0.25,\n1.0,\n", "'0.25,' in line 1"),
    "trailing semicolon, first line": ("0.25;\n1.0\n", "'0.25;' in line 1"),
    "pandas with its index": (",0\n0,0.25\n1,1.0\n", "',0' in line 1"),
    "R with row names": ('"","x"\n"1",0.25\n', "in line 1"),
    "R, write.table": ('"x"\n"1" 0.25\n', "in line 2"),
    "separator of a spreadsheet": ("sep=;\n0.25\n", "'sep=;' in line 1"),
    "numbers in quotes": ('"0.25"\n"1.0"\n', "in line 1"),
    "the first number in quotes": ('"0.25"\n1.0\n', "in line 1"),
    "NaN": ("0.25\nnan\n", "'nan' in line 2"),
    "NaN first": ("NaN\n0.25\n", "'NaN' in line 1"),
    "NA of R first": ("NA\n0.25\n", "'NA' in line 1"),
    "missing in quotes first": ('"NA"\n0.25\n', "in line 1"),
    "infinity first": ("Inf\n0.25\n", "'Inf' in line 1"),
    "infinity": ("0.25\n-inf\n", "'-inf' in line 2"),
    "NaN of Windows first": ("nan(ind)\n0.25\n", "in line 1"),
    "error of a spreadsheet first": ("#N/A\n0.25\n", "'#N/A' in line 1"),
    "division by zero": ("0.25\n#DIV/0!\n", "'#DIV/0!' in line 2"),
    "too large": ("0.25\n1e999\n", "'1e999' in line 2 is too large"),
    "complex, MATLAB": ("0.25+0i\n", "'0.25+0i' in line 1"),
    "complex, NumPy": ("(2.5e-01+0.0e+00j)\n1.0\n", "in line 1"),
    "Fortran, exponent of three digits": ("0.25\n0.1-100\n", "'0.1-100' in line 2"),
    "Fortran, overflow": ("******\n0.25\n", "in line 1"),
    "Fortran, repeated": ("3*0.25\n", "in line 1"),
    "digits of another script": ("\N{ARABIC-INDIC DIGIT ONE}.5\n1.0\n", "in line 1"),
    "minus sign of a typesetter": ("0.25\n\N{MINUS SIGN}1e-9\n", "in line 2"),
    "percent": ("25%\n", "'25%' in line 1"),
    "hexadecimal": ("0x1p-2\n", "in line 1"),
    "two headings": ("eigenvalue\nunit\n0.25\n", "'unit' in line 2"),
    "comment behind a number": ("0.25 # first\n", "in line 1"),
    "UTF-16 without its mark": ("0\x00.\x005\x00\n\x00", "in line 1"),
    "form feed": ("0.25\f1.0\n", "in line 1"),
    "pandas without a name": ("0\n0.25\n1.0\n", "line 1, '0', may be an eigenvalue or the heading"),
    "pandas without a name, whole numbers": ("0\n1\n2\n", "line 1, '0', may be an eigenvalue or the heading"),
    "a column called 2024": ("2024\n0.25\n1.5\n", "Write 2024.0 for an eigenvalue, or remove a heading"),
}


@pytest.mark.parametrize("tool", READ)
def test_text_of_common_tools_is_read(tmp_path, tool):
    (tmp_path / "values.csv").write_bytes(READ[tool])
    np.testing.assert_array_equal(read_eigenvalues(str(tmp_path / "values.csv")), VALUES)


@pytest.mark.parametrize("case", REFUSED)
def test_text_that_could_be_read_wrongly_is_refused_with_its_line(tmp_path, case):
    text, words = REFUSED[case]
    (tmp_path / "values.csv").write_bytes(text.encode())
    with pytest.raises(UserError, match=re.escape(words)):
        read_eigenvalues(str(tmp_path / "values.csv"))


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "gzip"])
def test_text_in_another_encoding_and_packed_text_is_refused(tmp_path, encoding):
    text = "Größe\n0.25\n1.0\n"
    content = gzip.compress(text.encode()) if encoding == "gzip" else text.encode(encoding)
    (tmp_path / "values.csv").write_bytes(content)
    with pytest.raises(UserError, match="found a binary file or text that is not UTF-8: save it as UTF-8"):
        read_eigenvalues(str(tmp_path / "values.csv"))


def test_whole_numbers_are_eigenvalues_unless_they_may_be_a_heading(tmp_path):
    """A whole number among others, or behind a number with a point, is a number."""
    read = {"3\n2\n0\n": [3, 2, 0], "0.0\n1\n2.5\n": [0, 1, 2.5], "4\n2.5\n1\n": [4, 2.5, 1], "4\n": [4]}
    read |= {"x\n0\n2.5\n": [0, 2.5], "x\n2024\n2.5\n": [2024, 2.5]}
    for text, values in read.items():
        (tmp_path / "values.csv").write_text(text)
        np.testing.assert_array_equal(read_eigenvalues(str(tmp_path / "values.csv")), values)


def test_arrays_that_are_not_finite_and_other_contents_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("nan.npy", [1.0, np.nan, np.inf])
    with open("several.npy", "wb") as file:
        np.savez(file, a=VALUES, b=VALUES)
    with h5py.File("other.h5", "w") as file:
        file["text"], file["nothing"] = "0.25", h5py.Empty("f8")
    with pytest.raises(UserError, match=r"nan.npy: expected finite numbers, found nan at position 2"):
        read_eigenvalues("nan.npy")
    with pytest.raises(UserError, match=r"several.npy: expected one array of numbers, found NpzFile"):
        read_eigenvalues("several.npy")
    for name, kind in (("text", "bytes"), ("nothing", "Empty")):
        with pytest.raises(UserError, match=f"other.h5: expected one array of numbers, found {kind}"):
            read_eigenvalues("other.h5", name)


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
