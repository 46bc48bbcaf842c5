"""A criterion names a number, of which subjects, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .measurement import Measurements

Number = Callable[[Measurements], float]
Cause = Callable[[Measurements, float], str]

FRACTION = "fraction"
"""Unit of numbers that are shown in per cent."""


@dataclass(frozen=True)
class Subjects:
    """What a number is measured on.

    Attributes:
        words: what they are.
        asked: how many the script holds; without any, a criterion is left out.
        answered: how many could be measured; without any, a criterion is unmeasurable.
        lacking: why none could be measured.
    """

    words: str
    asked: Number
    answered: Number
    lacking: str = "no answers came to them"


@dataclass(frozen=True)
class Criterion:
    """One number and what is demanded of it.

    Attributes:
        name: key in the thresholds.
        subjects: what the number is measured on.
        number: the number.
        good, bad: what holds when it passes, and what is wrong when it fails.
        quantity: a sentence with {value} for the number and {count} for the subjects measured;
            unit: behind the number, or "".
        cause: what usually makes it fail.
        at_least: the limit is the least that passes, not the most.
    """

    name: str
    subjects: Subjects
    number: Number
    good: str
    bad: str
    quantity: str
    cause: Cause
    unit: str = ""
    at_least: bool = False


def always(text: str) -> Cause:
    """The same cause for every pattern of errors."""
    return lambda measurements, limit: text
