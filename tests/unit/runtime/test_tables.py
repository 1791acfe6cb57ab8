"""Tables between jobs: whole, or one message."""

from __future__ import annotations

import pytest

from deepspectra.runtime.errors import UserError
from deepspectra.runtime.tables import read_csv

WHOLE = "panel,x,y\na,1,2.5\nb,2,\n"


def test_a_whole_table_is_read(tmp_path):
    (tmp_path / "t.csv").write_text(WHOLE)
    table = read_csv(tmp_path / "t.csv", ("panel", "y"))
    assert table.panel.tolist() == ["a", "b"]
    assert table.x.tolist() == [1, 2]
    assert table.y.isna().tolist() == [False, True]


@pytest.mark.parametrize("length", [length for length in range(1, len(WHOLE)) if WHOLE[length - 1] != "\n"])
def test_a_table_that_ends_within_a_line_is_refused(tmp_path, length):
    (tmp_path / "t.csv").write_text(WHOLE[:length])
    with pytest.raises(UserError, match=r"t\.csv is cut short: its last line has no end. Delete it and run"):
        read_csv(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "t.csv is cut short"),
        (b"\n", "t.csv is not a CSV file"),
        (b"panel,x\na,1\nb,2,3,4\n", "t.csv is not a CSV file"),
        (b"\xff\xfe\x00\n", "t.csv is not a CSV file"),
        (b"panel,x,z\na,1,2\n", "it has no column 'y'"),
        (b"panel,x,y\n", "it has no rows"),
        (b"<html>\n", "it has no column 'panel'"),
        (
            b"panel,x,y\na,1,2\nb,2,oops\n",
            "row 2 below the heading has 'oops' in column 'y', expected a number or nothing",
        ),
        (b"panel,x,y\na,None of it,2\n", "row 1 below the heading has 'None of it' in column 'x'"),
        (
            b"panel,x,y,unheard\na,1,2,7\nb,1,2,word\nc,1,2,8\n",
            "row 2 below the heading has 'word' in column 'unheard'",
        ),
        (b"panel,x,y\na,1,2,\nb,1,2,\n", "t.csv is not a CSV file (its lines have more cells than its heading)"),
        (b"panel,x,y\na,1,2,oops\n", "t.csv is not a CSV file (its lines have more cells than its heading)"),
        (b'panel,x,y\n"two\nlines",1,2\n\nb,1,oops\n', "row 2 below the heading has 'oops'"),
        (b"panel;x;y\na;1,5;2,5\n", "t.csv is not a CSV file (its cells are separated by semicolons or tabs"),
        (b"panel\tx\ty\na\t1.5\t2.5\n", "t.csv is not a CSV file (its cells are separated by semicolons or tabs"),
        ("panel,x,y\na,1,2\n".encode("utf-16") + b"\n", "t.csv is not a CSV file"),
        (b'panel,x,y\na,"1,5",2\n', "row 1 below the heading has '1,5' in column 'x'"),
        (b"panel,x,y\na,1.5D+00,2\n", "row 1 below the heading has '1.5D+00' in column 'x'"),
        (b"panel,x,y\na,1_000,2\n", "row 1 below the heading has '1_000' in column 'x'"),
        (b"panel,x,y\na,1+2i,2\n", "row 1 below the heading has '1+2i' in column 'x'"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, words):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_csv(tmp_path / "t.csv", ("panel", "x", "y"), numbers=("x", "y"))
    assert words in str(caught.value)


def test_numbers_of_every_kind_and_words_in_their_columns_are_read(tmp_path):
    """A boolean beside nothing comes as an object."""
    (tmp_path / "t.csv").write_text("layer,state,x,y,fits\none,initial,1e-300,-inf,True\nfirst,,nan,7,\n")
    table = read_csv(tmp_path / "t.csv", ("x",))
    assert table.layer.tolist() == ["one", "first"]
    assert table.y.tolist() == [float("-inf"), 7]
    assert table.fits[0] is True


def test_a_word_far_down_a_long_table_is_found(tmp_path):
    rows = [f"a,{number},0.5" for number in range(300_000)]
    rows[290_000] = "a,290000,0.5x"
    (tmp_path / "t.csv").write_text("\n".join(["panel,x,y", *rows, ""]))
    with pytest.raises(UserError, match=r"row 290001 below the heading has '0.5x' in column 'y'"):
        read_csv(tmp_path / "t.csv")


def test_words_among_the_numbers_are_read_where_the_reader_says_so(tmp_path):
    """As in the summary of a limit law with a remark."""
    (tmp_path / "t.csv").write_text("quantity,value\nmass,1.0\nmean,2\nnote,outside of an assumption\n")
    values = read_csv(tmp_path / "t.csv", words=("value",)).value.tolist()
    assert values == ["1.0", "2", "outside of an assumption"]
    with pytest.raises(UserError, match="'outside of an assumption' in column 'value'"):
        read_csv(tmp_path / "t.csv")


def test_a_column_has_one_type_however_long_it_is(tmp_path):
    """In parts, pandas reads the names of layers as numbers until one is a word."""
    rows = [f"{number},0.5" for number in range(300_000)]
    (tmp_path / "t.csv").write_text("\n".join(["layer,x", *rows, "first,0.5", ""]))
    assert {type(layer) for layer in read_csv(tmp_path / "t.csv", words=("layer",)).layer} == {str}


def test_words_stand_beside_numbers_only_where_the_reader_says_so(tmp_path):
    """What a paper printed, say: "31.5" beside "excellent agreement"."""
    (tmp_path / "t.csv").write_text("published,x\n31.5,1\nexcellent agreement,2\nnone,3\n,4\n0.5,5\n")
    published = read_csv(tmp_path / "t.csv", words=("published",)).published
    assert published.tolist()[:2] == ["31.5", "excellent agreement"]
    with pytest.raises(UserError, match="row 2 below the heading has 'excellent agreement' in column 'published'"):
        read_csv(tmp_path / "t.csv")


@pytest.mark.parametrize("cells", [("0.4", "O.3"), ("0.O1", "0.9")])
def test_one_damaged_number_of_two_is_found(tmp_path, cells):
    (tmp_path / "t.csv").write_text("\n".join(["p", *cells, ""]))
    with pytest.raises(UserError, match="expected a number or nothing"):
        read_csv(tmp_path / "t.csv")


def test_a_missing_table_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(UserError, match=r"t\.csv does not exist. Let the workflow make it: snakemake --cores 1"):
        read_csv(tmp_path / "t.csv")


def test_a_table_without_rows_is_one_where_none_are_asked_for(tmp_path):
    """Networks whose weights cannot be had leave such tables."""
    (tmp_path / "t.csv").write_text("layer,x\n")
    assert read_csv(tmp_path / "t.csv").empty


def test_the_mark_and_the_line_ends_of_a_spreadsheet_are_no_part_of_a_table(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfpanel,x\r\na,1.5\r\n")
    table = read_csv(tmp_path / "t.csv", ("panel", "x"), numbers=("x",))
    assert (table.panel.tolist(), table.x.tolist()) == (["a"], [1.5])


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_separators_are_named_where_no_column_is_asked_for(tmp_path, mark):
    (tmp_path / "t.csv").write_text(f"network{mark}p\nmlp1024{mark}0,5\n")
    with pytest.raises(UserError, match="separated by semicolons or tabs"):
        read_csv(tmp_path / "t.csv")
