"""Parameters: declared once, with everything a person needs to know, and refused by name."""

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.errors import SettingsError
from tactile_equiv.parameter_set import CONFIGURE, START
from tactile_equiv.settings import LIVE, RELOAD, Settings

FIELDS = {declared.name: declared for declared in fields(Settings)}
RANGED = [name for name, declared in FIELDS.items() if declared.metadata["minimum"] is not None]
CHOSEN = [name for name, declared in FIELDS.items() if declared.metadata["choices"]]
WRONG_TYPE = {str: 3, int: 1.0, float: 1, bool: 1}


@pytest.mark.parametrize("name", FIELDS)
def test_every_parameter_is_described_and_says_when_it_takes_effect(name):
    declared = FIELDS[name]
    assert declared.metadata["description"]
    assert declared.metadata["effect"] in (LIVE, RELOAD, CONFIGURE, START)
    assert (declared.metadata["minimum"] is None) == (declared.metadata["maximum"] is None)
    if declared.type in ("int", "float"):
        assert declared.metadata["minimum"] is not None


@pytest.mark.parametrize("name", ["model_path", "input_type", "rows", "cols", "device", "backend"])
def test_names_that_others_script_against_stay(name):
    assert name in FIELDS


@pytest.mark.parametrize("name", FIELDS)
def test_another_type_is_refused_by_name(name):
    wrong = WRONG_TYPE[type(FIELDS[name].default)]
    with pytest.raises(SettingsError, match=f"'{name}'.*must be"):
        Settings(**{name: wrong})


@pytest.mark.parametrize("name", [n for n in FIELDS if type(FIELDS[n].default) is int])
def test_true_is_no_number(name):
    with pytest.raises(SettingsError, match=f"'{name}'.*must be int"):
        Settings(**{name: True})


@pytest.mark.parametrize("name", RANGED)
def test_the_range_includes_its_ends_and_nothing_beyond(name):
    low, high = (FIELDS[name].metadata[end] for end in ("minimum", "maximum"))
    kind = type(FIELDS[name].default)
    for value in (low, high):
        assert getattr(Settings(**{name: kind(value)}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(SettingsError, match=f"'{name}'.*must lie in"):
            Settings(**{name: kind(value)})


@pytest.mark.parametrize("name", [n for n in RANGED if type(FIELDS[n].default) is float])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_are_finite(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("name", CHOSEN)
def test_choices_are_listed_when_another_is_given(name):
    choices = FIELDS[name].metadata["choices"]
    for choice in choices:
        assert getattr(Settings(**{name: choice}), name) == choice
    with pytest.raises(SettingsError, match=", ".join(choices)):
        Settings(**{name: "nonsense"})


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("model_pth", "model_path"), ("colums", "cols"), ("Rows", "rows"), ("devise", "device"),
     ("tare_frame", "tare_frames"), ("contact_treshold", "contact_threshold")],
)  # fmt: skip
def test_a_misspelt_name_is_told_the_nearest_right_one(wrong, right):
    with pytest.raises(SettingsError, match=f"'{wrong}' is unknown: did you mean '{right}'"):
        Settings().changed({wrong: 1})


@given(name=st.text())
def test_any_unknown_name_is_refused_with_a_proposal(name):
    if name in FIELDS:
        Settings.check_names([name])
        return
    with pytest.raises(SettingsError) as caught:
        Settings.check_names(["rows", name])
    assert any(f"did you mean {known!r}" in str(caught.value) for known in FIELDS)


def test_a_change_gives_a_copy_and_checks_it():
    before = Settings()
    after = before.changed({"rows": 4, "device": "cpu"})
    assert (after.rows, after.device, before.rows) == (4, "cpu", 0)
    assert before.changed({}) == before
    with pytest.raises(SettingsError, match="rows"):
        before.changed({"rows": -1})
    with pytest.raises(FrozenInstanceError):
        before.rows = 3
