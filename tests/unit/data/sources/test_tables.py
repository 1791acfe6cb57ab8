from __future__ import annotations

import pytest
import yaml

from deepspectra.data.sources.tables import FORMATS, DataSetEntry, load_table
from deepspectra.runtime.errors import UserError
from tests import ROOT

TABLE = ROOT / "resources" / "datasets.yaml"


@pytest.fixture
def content() -> dict:
    return yaml.safe_load(TABLE.read_text())


def test_the_table_itself():
    table = load_table(TABLE, DataSetEntry)
    assert {"mnist", "cifar10", "bike"} <= set(table)
    for dataset in table.values():
        assert dataset.sources[0].kind == "http"  # the official one first
        assert {source.format for source in dataset.sources} <= set(FORMATS)
    columns = table["bike"].arrays["table"].columns
    assert len(columns) == 15
    assert (columns[0], columns[-1]) == ("season", "cnt")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("mnist", "sources", 1, "version"), None, "mnist.sources.1.npm.version: Field required"),
        (("mnist", "sources", 1, "kind"), "ftp", "mnist.sources.1: Input tag 'ftp'"),
        (("mnist", "sources", 1, "package"), "--registry=evil", "mnist.sources.1.npm.package: String should match"),
        (("mnist", "sources", 0, "urls", 2), "file:///etc/passwd", "mnist.sources.0.http.urls.2: String should match"),
        (("bike", "arrays", "table", "sha256"), "123", "bike.arrays.table.sha256: String should match"),
        (("bike", "arrays", "table", "shape"), [0, 15], "bike.arrays.table.shape.0: Input should be greater than 0"),
        (("bike", "sources", 0, "format"), "pickle", "bike.sources.0.http: Value error, there is no format 'pickle'"),
        (("bike", "license"), "CC", "bike.license: Extra inputs are not permitted"),
        (
            ("bike", "sources", 1, "members"),
            {},
            "bike.sources.1.pypi: Value error, format bike-relabelled needs the members",
        ),
    ],
)
def test_a_wrong_key_is_named(tmp_path, content, path, value, message):
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    file = tmp_path / "table.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as caught:
        load_table(file, DataSetEntry)
    assert str(file) in str(caught.value)
    assert f"  {message}" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "is not YAML"),
        ("", r"\(the whole file\): Input should be a valid dictionary"),
        ("a: 1", "a: Input should be"),
    ],
)
def test_no_table_at_all(tmp_path, text, message):
    file = tmp_path / "table.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=message):
        load_table(file, DataSetEntry)


def test_missing_file(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the data table .*No such file"):
        load_table(tmp_path / "table.yaml", DataSetEntry)
