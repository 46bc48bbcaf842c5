"""What became of every frame: answered, right or wrong, counted as lost, or lost in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tactile_equiv.frame import FloatArray

from .presses import Bank, Expected

TOLERANCE = 1e-5
"""Of scores and contact probabilities: another engine or thread may round differently."""


@dataclass
class Answer:
    """What came for one frame.

    Attributes:
        labels: classes published for it, None = nothing felt; one where all is well.
        scores: of those classes.
        maps: contact maps published for it.
        at: when the last part came, seconds of a steady clock.
    """

    labels: list[int | None] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    maps: list[FloatArray] = field(default_factory=list)
    at: float = 0.0

    @property
    def complete(self) -> bool:
        """Class and contact map are here."""
        return bool(self.labels and self.maps)

    def is_correct(self, expected: Expected) -> bool:
        """Each part came once and is that of the offline answer."""
        if not (len(self.labels) == len(self.maps) == 1 and self.labels[0] == expected.label):
            return False
        (contact_map,) = self.maps
        return bool(
            abs(self.scores[0] - expected.score) <= TOLERANCE
            and contact_map.shape == expected.contact_map.shape
            and np.allclose(contact_map, expected.contact_map, atol=TOLERANCE, rtol=0)
        )


@dataclass(frozen=True)
class Tally:
    """Frames with numbers in some range.

    Attributes:
        answered: with class and contact map.
        wrong: of them, with another answer than offline, or with two.
    """

    answered: int = 0
    wrong: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.answered + other.answered, self.wrong + other.wrong)


class Ledger:
    """Answers by the number of their frame.

    Attributes:
        unknown: answers that name no frame of ours.

    Args:
        banks: what a frame is one of.
    """

    def __init__(self, banks: Sequence[Bank]) -> None:
        self.unknown = 0
        self._banks = banks
        self._answers: dict[int, tuple[int, Answer]] = {}

    def hear_class(self, name: str, label: int | None, score: float, now: float) -> None:
        """The class of the frame with this name."""
        answer = self._answer(name, now)
        if answer is not None:
            answer.labels.append(label)
            answer.scores.append(score)

    def hear_map(self, name: str, contact_map: FloatArray, now: float) -> None:
        """The contact map (H, W) of the frame with this name."""
        answer = self._answer(name, now)
        if answer is not None:
            answer.maps.append(contact_map)

    def is_answered(self, number: int) -> bool:
        """Class and map of this frame came."""
        return number in self._answers and self._answers[number][1].complete

    def is_correct(self, number: int) -> bool:
        """They came, and are those of the offline answer."""
        if not self.is_answered(number):
            return False
        bank, answer = self._answers[number]
        return answer.is_correct(self._banks[bank].expected(number))

    def correct_since(self, number: int) -> float | None:
        """When the first correct answer to this frame or a later one came; None = not yet."""
        times = [
            answer.at
            for n, (_, answer) in self._answers.items()
            if n >= number and self.is_correct(n)
        ]
        return min(times, default=None)

    def answered_since(self, number: int) -> list[int]:
        """Numbers of the answered frames from this one on."""
        return sorted(n for n in self._answers if n >= number and self.is_answered(n))

    def tally(self, first: int, end: int) -> Tally:
        """Of the frames first <= number < end."""
        numbers = [n for n in self._answers if first <= n < end and self.is_answered(n)]
        wrong = sum(not self.is_correct(n) for n in numbers)
        return Tally(len(numbers), wrong)

    def _answer(self, name: str, now: float) -> Answer | None:
        bank, number = frame_of(name)
        if not 0 <= bank < len(self._banks):
            self.unknown += 1
            return None
        _, answer = self._answers.setdefault(number, (bank, Answer()))
        answer.at = now
        return answer


def name_of(bank: int, number: int) -> str:
    """The frame_id of a frame."""
    return f"frame_{bank}_{number}"


def frame_of(name: str) -> tuple[int, int]:
    """Bank and number of the frame with this name; bank -1 where it is none of ours."""
    lead, *numbers = name.split("_")
    if lead != "frame" or len(numbers) != 2 or not all(one.isdigit() for one in numbers):
        return -1, -1
    return int(numbers[0]), int(numbers[1])
