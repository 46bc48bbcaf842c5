"""The books of faults: which answers are correct, which frames are accounted for."""

import numpy as np
import pytest
from tactile_equiv_sim.faults.ledger import Ledger, Tally, frame_of, name_of
from tactile_equiv_sim.faults.outcome import Outcome, Recovery, table
from tactile_equiv_sim.faults.presses import Expected

MAP = np.float32([[0.0, 0.5], [1.0, 0.25]])


class TwoFrames:
    """Even frames are of class 1, odd ones are untouched."""

    def expected(self, number):
        return Expected(None, 0.0, 0 * MAP) if number % 2 else Expected(1, 0.8, MAP)


@pytest.fixture
def ledger():
    return Ledger([TwoFrames()])


def hear(ledger, number, label, score, contact_map, at=1.0):
    ledger.hear_class(name_of(0, number), label, score, at)
    ledger.hear_map(name_of(0, number), contact_map, at)


def test_correct_answers_are_those_of_the_same_frame(ledger):
    hear(ledger, 4, 1, 0.8, MAP)
    hear(ledger, 5, None, 0.0, 0 * MAP)
    assert ledger.tally(0, 10) == Tally(answered=2, wrong=0)
    assert ledger.tally(0, 5) == Tally(answered=1, wrong=0)


@pytest.mark.parametrize(
    ("label", "score", "contact_map"),
    [
        (2, 0.8, MAP),
        (None, 0.8, MAP),
        (1, 0.7, MAP),
        (1, 0.8, MAP + np.float32(0.01)),
        (1, 0.8, MAP[:1]),
        (1, 0.8, np.full_like(MAP, np.nan)),
        (None, 0.0, 0 * MAP),
    ],
)
def test_other_answers_are_wrong(ledger, label, score, contact_map):
    hear(ledger, 4, label, score, contact_map)
    assert ledger.tally(0, 10) == Tally(answered=1, wrong=1)
    assert ledger.correct_since(0) is None


def test_a_second_answer_is_wrong(ledger):
    hear(ledger, 4, 1, 0.8, MAP)
    ledger.hear_class(name_of(0, 4), 1, 0.8, 2.0)
    assert ledger.tally(0, 10).wrong == 1


def test_half_an_answer_is_none(ledger):
    ledger.hear_class(name_of(0, 4), 1, 0.8, 1.0)
    assert not ledger.is_answered(4)
    assert ledger.tally(0, 10) == Tally()


def test_the_first_correct_answer_is_timed(ledger):
    hear(ledger, 2, 1, 0.8, MAP, at=1.0)
    hear(ledger, 4, 2, 0.8, MAP, at=2.0)
    hear(ledger, 6, 1, 0.8, MAP, at=3.0)
    assert ledger.correct_since(3) == 3.0
    assert ledger.answered_since(3) == [4, 6]


@pytest.mark.parametrize(
    "name", ["", "fingertip", "frame_1_3", "frame_0", "frame_0_-3", "frame_x_1"]
)
def test_answers_that_name_no_frame_of_ours_are_unknown(ledger, name):
    ledger.hear_class(name, 1, 0.8, 1.0)
    assert ledger.unknown == 1


def test_names_tell_bank_and_number():
    assert frame_of(name_of(2, 1_000_017)) == (2, 1_000_017)


def outcome(**values):
    return Outcome("a fault", **values)


def test_every_frame_has_one_fate():
    good = outcome(sent=20, tally=Tally(15), counted=3, nobody=2)
    assert (good.silent, good.verdict) == (0, "passed")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"sent": 3, "tally": Tally(2)}, "1 frames are lost and not counted"),
        (
            {"sent": 3, "tally": Tally(3), "counted": 2},
            "2 frames are counted as lost that were not",
        ),
        ({"sent": 3, "tally": Tally(3, wrong=1)}, "1 answers are not those of `perceive`"),
        ({"problems": ["it is mute"]}, "it is mute"),
    ],
)
def test_what_is_amiss_fails(values, problem):
    bad = outcome(**values)
    assert bad.all_problems() == [problem]
    assert bad.verdict == "FAILED"


def test_recoveries_are_judged_from_the_kill():
    late = outcome(recoveries=[Recovery(1.0, 0.9, 0.1), Recovery(2.5, 1.0, 0.1)])
    late.judge_recoveries(3.0)
    assert late.verdict == "passed"
    late.judge_recoveries(2.0)
    assert "1 of 2 times" in late.problems[0] and "2.50 s" in late.problems[0]


def test_the_table_is_markdown():
    made = outcome(sent=2, tally=Tally(2), said=["a | b"], first_answer=[0.25])
    head, rule, row = table([made]).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    assert "0.25 s" in row and "passed" in row


def test_what_cannot_be_tried_is_no_failure():
    assert outcome(not_tried="no small disk here").verdict == "not tried"
