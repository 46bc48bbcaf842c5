"""Augmentation teaches the places that it shows; the growing network needs none."""

import pytest

from tactile_equiv.lessons.augmentation import SUBJECTS

LESSON = "augmentation"
GROWING = [name for name in SUBJECTS if name.startswith("growing")]


@pytest.mark.parametrize("subject", GROWING)
def test_the_growing_network_is_the_same_at_every_place(table, subject):
    right = [table(LESSON).value(subject, f"d={distance}") for distance in range(5)]
    assert right == pytest.approx(5 * right[:1]) and right[0] > 0.9
    assert table(LESSON).value(subject, "flips") == 0


@pytest.mark.parametrize(("reach", "subject"), [(0, "no shifts"), (1, "shifts to 1")])
def test_augmentation_teaches_its_reach_and_loses_the_border(table, reach, subject):
    assert table(LESSON).value(subject, f"d={reach}") > 0.85
    assert table(LESSON).value(subject, "d=4") < 0.7


def test_a_longer_reach_knows_more_of_the_skin(table):
    subjects = ("no shifts", "shifts to 1", "shifts to 2")
    border = [table(LESSON).value(subject, "d=4") for subject in subjects]
    assert border[0] + 0.1 < border[1] < border[2] - 0.1


def test_all_shifts_reach_every_place_but_the_answers_still_flip(table):
    for subject in ("all shifts", "all shifts, 48 contacts"):
        assert table(LESSON).value(subject, "d=4") > 0.8
        assert table(LESSON).value(subject, "flips") > 0.01
    longer = table(LESSON).value("all shifts, trained twice as long", "flips")
    assert longer < table(LESSON).value("all shifts", "flips") / 2
