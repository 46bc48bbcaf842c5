"""Malformed messages among good ones: every good frame is answered, every other one counted."""

import pytest

from fuzz import live
from fuzz.live_messages import BURST, Answer

COUNT = 200


@pytest.mark.parametrize("kind", ["image", "array_f4"])
def test_good_frames_are_answered_among_malformed_ones(kind, ros_domain, tmp_path):
    mixed = live.mixed_stream(kind, COUNT, tmp_path / "node.log")
    assert mixed.problem == ""
    assert mixed.sent.total() == COUNT
    assert len(mixed.sent) >= 4  # reasons


def test_a_refusal_under_another_reason_is_found(ros_domain, tmp_path, monkeypatch):
    right = live.bursts

    def wrong(*arguments):
        return [[(message, "another") for message, _ in burst] for burst in right(*arguments)]

    monkeypatch.setattr(live, "bursts", wrong)
    mixed = live.mixed_stream("image", BURST, tmp_path / "node.log")
    assert "'refused.another': 20" in mixed.problem
    assert "counted {" in mixed.problem


def test_an_answer_that_differs_is_found(ros_domain, tmp_path, monkeypatch):
    right = live.good_frames

    def wrong(subject):
        first, second, (third, answer), *_ = right(subject)
        return [first, second, (third, Answer(answer.results, answer.contact_map[::-1]))]

    monkeypatch.setattr(live, "good_frames", wrong)
    mixed = live.mixed_stream("image", BURST, tmp_path / "node.log")
    assert "is another one here" in mixed.problem
