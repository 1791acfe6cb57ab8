"""Plain functions of settings as functions of wildcards: every scale gets its own settings."""

from types import SimpleNamespace

import pytest

from deepspectra.planning.binding import Binder

SETTINGS = {
    "paper": SimpleNamespace(fan2020=SimpleNamespace(width=6000)),
    "smoke": SimpleNamespace(fan2020=SimpleNamespace(width=300)),
}


@pytest.fixture
def plan():
    return Binder(SETTINGS, tables={"a": 1})


@pytest.mark.parametrize(("scale", "width"), [("paper", 6000), ("smoke", 300)])
def test_settings_are_those_of_the_scale_in_the_path(plan, scale, width):
    assert plan(lambda settings: settings.fan2020.width)({"scale": scale}) == width
    assert plan.of("fan2020")(lambda paper: paper.width)({"scale": scale}) == width
    assert plan.of("fan2020").grow(lambda paper: paper.width / 7)({"scale": scale}, 2) == int(2 * width / 7)


def test_wildcards_and_known_things_come_by_name(plan):
    found = plan(lambda tables, item, fixed: (tables, item, fixed), fixed=3)({"scale": "smoke", "item": "figure_1"})
    assert found == ({"a": 1}, "figure_1", 3)


def test_paper_is_a_wildcard_unless_one_paper_is_asked_for(plan):
    assert plan(lambda paper: paper)({"scale": "smoke", "paper": "fan2020"}) == "fan2020"


def test_defaults_are_left_alone(plan):
    assert plan(lambda item, more=2: (item, more))({"item": "a"}) == ("a", 2)


def test_a_missing_wildcard_is_an_error(plan):
    with pytest.raises(KeyError, match="network"):
        plan(lambda network: network)({"scale": "smoke"})


@pytest.mark.parametrize(("attempt", "amount"), [(1, 1500), (2, 3000), (3, 4500)])
def test_amounts_grow_with_retries(plan, attempt, amount):
    assert plan.grow(1500)({}, attempt) == amount
