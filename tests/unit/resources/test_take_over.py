"""Results of version 0.1.0 are taken over only if nothing but the digest of the code differs."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from deepspectra.runtime import store
from tests import ROOT

RULE = "compute_kernels"
TODAY = "0123456789abcdef"


def load():
    spec = importlib.util.spec_from_file_location("take_over", ROOT / "resources" / "take_over.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


take_over = load()
OLD = take_over.DIGESTS[RULE]
DROPPED = "'results/preview/checkpoints/mlp.h5'"


class Persistence:
    """As much of Snakemake's records as is used, with its names."""

    def __init__(self, today, records):
        self.today, self.records, self.written = today, records, {}

    def metadata(self, file):
        return self.records.get(file)

    def params_changed(self, job, file):
        return set(self.records[file].params) != set(self.today)

    def _params(self, job):
        return sorted(self.today)

    def _input(self, job):
        return sorted(job.input)

    def _get_key(self, file):
        return file

    def _write_record(self, key, record):
        self.written[key] = record.params


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A finished file, its job, its record, and what is to be said of parameters today."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("x\n1\n")
    arrays = {"K": np.eye(3), "group/v": np.arange(4)}
    store.write("out.h5", arrays, parameters={}, inputs=["data.csv"])
    params = SimpleNamespace(code=TODAY)
    wildcards = {"scale": "preview", "network": "mlp"}
    rule = SimpleNamespace(name=RULE)
    job = SimpleNamespace(rule=rule, output=["out.h5"], input=["data.csv"], params=params, wildcards_dict=wildcards)
    checksums = {"data.csv": "sha256:" + store.file_hash("data.csv")}
    record = SimpleNamespace(params=[repr(OLD), "7", DROPPED], input=["data.csv"], input_checksums=checksums)
    return SimpleNamespace(job=job, record=record, today=[repr(TODAY), "7"])


def taken(made):
    """Which files are said to be taken over or refused, and what is recorded of them."""
    persistence = Persistence(made.today, {"out.h5": made.record})
    return list(take_over.take_over([made.job], persistence)), persistence.written


def test_a_file_that_differs_in_the_digest_alone_is_recorded_as_made_today(made):
    assert taken(made) == ([("out.h5", "")], {"out.h5": sorted(made.today)})


def test_inputs_that_were_deleted_are_not_asked_for(made, tmp_path):
    (tmp_path / "data.csv").unlink()
    assert taken(made)[0] == [("out.h5", "")]


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("params", [repr("fedcba9876543210"), "7"], "it was not made by the code of version 0.1.0"),
        ("params", [], "it was not made by the code of version 0.1.0"),
        ("params", [repr(OLD), "8"], "its parameters have changed; it was made with 8"),
        ("params", [repr(OLD), "7", "'results/paper/checkpoints/mlp.h5'"], "it was made with 'results/paper/check"),
        ("params", [repr(OLD)], "it would be made with other parameters today: "),
        ("input", ["data.csv", "more.csv"], "it has other inputs today"),
        ("input", None, "it has other inputs today"),
        ("input_checksums", {"other.csv": "sha256:" + 64 * "0"}, "its input other.csv has changed since"),
    ],
)
def test_any_other_difference_is_refused_by_name(made, tmp_path, place, value, reason):
    (tmp_path / "other.csv").touch()
    setattr(made.record, place, value)
    ((file, told),), written = taken(made)
    assert file == "out.h5"
    assert reason in told
    assert written == {}


def test_a_changed_input_is_refused_by_either_record(made, tmp_path):
    (tmp_path / "data.csv").write_text("x\n2\n")
    for checksums in (made.record.input_checksums, None):
        made.record.input_checksums = checksums
        assert taken(made) == ([("out.h5", "its input data.csv has changed since")], {})


@pytest.mark.parametrize("array", ["K", "group/v"])
def test_an_altered_array_is_refused(made, array):
    with h5py.File("out.h5", "r+") as file:
        file[array][0] = 5
    ((_, told),), written = taken(made)
    assert f"array {array!r} is not the one that was written" in told
    assert written == {}


def test_a_damaged_file_is_refused(made, tmp_path):
    (tmp_path / "out.h5").write_bytes(b"half")
    ((_, told),), written = taken(made)
    assert "not a whole HDF5 file" in told
    assert written == {}


def test_other_files_are_left_alone(made):
    """Those of cheap rules, those that are as today, and those without a record."""
    made.job.rule.name = "draw_figure"
    assert taken(made) == ([], {})
    made.job.rule.name = RULE
    made.record.params = made.today
    assert taken(made) == ([], {})
    made.record.params = [repr(OLD), "7"]
    assert list(take_over.take_over([made.job], Persistence(made.today, {}))) == []


def test_of_a_matrix_that_was_deleted_after_use_everything_else_is_checked(made, tmp_path):
    """With an outdated record Snakemake would remake it."""
    (tmp_path / "out.h5").unlink()
    (tmp_path / "data.csv").write_text("x\n2\n")
    assert taken(made) == ([("out.h5", "its input data.csv has changed since")], {})
    (tmp_path / "data.csv").write_text("x\n1\n")
    assert taken(made) == ([("out.h5", "")], {"out.h5": sorted(made.today)})
