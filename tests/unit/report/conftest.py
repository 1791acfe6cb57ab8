"""Made-up results and their pages, for all tests of a file."""

from __future__ import annotations

import pytest

from tests.report_results import pages_of, write_claims, write_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write_results(folder)
    return folder


@pytest.fixture(scope="module")
def pages(folder):
    return pages_of(folder)


@pytest.fixture(scope="module")
def page(pages):
    return pages["report.html"]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A run beside the record, which has the items of one paper: the run's folder, and its pages."""
    place = tmp_path_factory.mktemp("both")
    for name in ("preview", "recorded"):
        (place / name).mkdir()
        write_results(place / name)
    write_claims(place / "recorded/claims.csv", published_verdict="undecided", published_reason="one draw")
    return place / "preview", pages_of(place / "preview", place / "recorded")
