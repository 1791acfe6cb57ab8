import gzip
import json

import pytest

from deepspectra.report.record import SCHEMA, compress, kept_names, read_record, uncompress, write_record
from deepspectra.runtime.errors import UserError


def test_a_record_keeps_tables_and_no_spectra(tmp_path):
    names = [
        "networks/a_history.csv",
        "statistics/paper/deep/network.csv",
        "statistics/paper/figure_1.csv",
        "tables/paper/table_1.json",
    ]
    for name in [*names, "networks/a.h5", "spectra/paper/figure_1.h5", "claims.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert kept_names(tmp_path) == names


def test_files_come_back_as_they_were_and_equal_ones_are_not_written_anew(tmp_path):
    source, kept, back = tmp_path / "a.csv", tmp_path / "kept" / "a.csv.gz", tmp_path / "back" / "a.csv"
    source.write_bytes(b"x,y\n1,2\n" * 1000)
    compress(source, kept)
    content, inode = kept.read_bytes(), kept.stat().st_ino
    assert len(content) < 200
    compress(source, kept)
    assert (kept.read_bytes(), kept.stat().st_ino) == (content, inode)
    uncompress(kept, back)
    assert back.read_bytes() == source.read_bytes()
    kept.write_bytes(content[:-10])
    with pytest.raises(UserError, match=r"a\.csv\.gz is damaged .*git checkout"):
        uncompress(kept, back)
    kept.write_bytes(gzip.compress(b"other"))
    compress(source, kept)
    assert kept.read_bytes() == content


def test_a_record_of_another_schema_is_refused(tmp_path):
    assert read_record(tmp_path) == ({}, {})
    write_record(tmp_path, {"seed": 1}, {"paper/figure_1": {"core_seconds": 1.5}})
    assert read_record(tmp_path) == ({"seed": 1}, {"paper/figure_1": {"core_seconds": 1.5}})
    (tmp_path / "items.json").write_text(json.dumps({"schema": SCHEMA + 1, "items": {}}))
    with pytest.raises(UserError, match="has schema 2; this version of the project reads 1"):
        read_record(tmp_path)
