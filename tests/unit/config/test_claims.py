"""What is particular to the claims: whose papers' are judged."""

from __future__ import annotations

import pytest

from deepspectra.config import SCALES, load_settings
from deepspectra.papers.readings import READINGS
from deepspectra.papers.registry import PAPERS
from deepspectra.runtime.errors import UserError

from .conftest import FOLDER


def test_all_papers_are_judged_unless_a_user_says_otherwise():
    settings = load_settings(FOLDER)
    for scale in SCALES:
        assert list(settings[scale].claims.papers) == list(READINGS) == list(PAPERS)
    own = load_settings(FOLDER, {"claims": {"papers": ["fan2020"]}})
    assert own["paper"].claims.papers == ["fan2020"]


@pytest.mark.parametrize(
    ("papers", "words"),
    [
        (["fan2021"], "claims.papers"),
        ([], "claims.papers"),
        (["fan2020", "fan2020"], "expected every paper once, found fan2020, fan2020"),
    ],
)
def test_other_papers_none_and_one_twice_are_mistakes(papers, words):
    with pytest.raises(UserError) as caught:
        load_settings(FOLDER, {"scale": "smoke", "claims": {"papers": papers}})["smoke"]
    assert words in str(caught.value)
