"""Criteria of whole-taxel shifts: the map moves along, class and scores stay."""

from __future__ import annotations

from .causes import map_cause, phantom_cause, score_cause
from .criterion import Criterion, Subjects, always

SHIFTS = Subjects(
    "whole-taxel shifts",
    lambda m: m.shifts.asked - len(m.shifts.inexact),
    lambda m: len(m.shifts.compared),
    "no contact maps came in answer to them",
)
CLASSIFIED_SHIFTS = Subjects(
    SHIFTS.words,
    SHIFTS.asked,
    lambda m: sum(error.classified for error in m.shifts.compared),
    "no class came in answer to them",
)
SCORED_SHIFTS = Subjects(
    SHIFTS.words,
    SHIFTS.asked,
    lambda m: sum(error.scored for error in m.shifts.compared),
    "no scores came in answer to them",
)

SHIFT_CRITERIA = (
    Criterion(
        "map_shift_error",
        SHIFTS,
        lambda m: m.shifts.map_error,
        "the contact map moves with the contact",
        "contact map does not move with the contact",
        "largest error {value} relative to the map over {count} whole-taxel shifts",
        map_cause,
    ),
    Criterion(
        "map_phantom",
        SHIFTS,
        lambda m: m.shifts.phantom,
        "no phantom appears where nothing is pressed",
        "a phantom appears where nothing is pressed",
        "response {value} relative to the map where {count} shifts brought in untouched skin",
        phantom_cause,
    ),
    Criterion(
        "map_blank",
        SHIFTS,
        lambda m: m.shifts.blank_references,
        "contact maps show the contact",
        "contact maps are the same everywhere although a contact is pressed",
        "{value} blank maps among the references of {count} shifts",
        always("the contact lies in the dead-zone, the tare was taken under load, or units differ"),
    ),
    Criterion(
        "class_flips",
        CLASSIFIED_SHIFTS,
        lambda m: m.shifts.flips,
        "the class stays",
        "the class changes with the place",
        "{value} changes of class over {count} whole-taxel shifts",
        score_cause,
    ),
    Criterion(
        "score_drift",
        SCORED_SHIFTS,
        lambda m: m.shifts.score_drift,
        "the class scores stay",
        "the class scores change with the place",
        "largest change {value} over {count} whole-taxel shifts",
        score_cause,
    ),
)
