"""All lessons, in the order in which they build on each other."""

from __future__ import annotations

import importlib

from tactile_equiv.errors import DataError
from tactile_equiv.lessons.lesson import Lesson

NAMES = (
    "weight_sharing",
    "pointwise",
    "padding",
    "stride",
    "aliasing",
    "global_pooling",
    "flatten_head",
    "augmentation",
    "grid_detector",
    "dense_evaluation",
    "bayer",
    "spectrogram",
    "rotation",
    "cylinder",
    "many_sensors",
)


def lesson_of(name: str) -> Lesson:
    """The lesson of that name.

    Raises:
        DataError: if there is none.
    """
    if name not in NAMES:
        raise DataError(f"no lesson {name!r}: choose from {', '.join(NAMES)}")
    lesson: Lesson = importlib.import_module(f"tactile_equiv.lessons.{name}").LESSON
    return lesson
