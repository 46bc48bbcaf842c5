"""Criteria of contacts on their way over the sensor, sub-taxel steps included."""

from __future__ import annotations

from .causes import centroid_cause
from .criterion import Criterion, Subjects, always

TRACKED = Subjects(
    "frames of a moving contact",
    lambda m: m.tracks.asked,
    lambda m: m.tracks.frames,
    "no list of contacts came in answer to them",
)
FELT = Subjects(
    TRACKED.words, TRACKED.asked, lambda m: m.tracks.felt, "no contact was seen in any of them"
)
CLASSIFIED = Subjects(
    TRACKED.words, TRACKED.asked, lambda m: m.tracks.classified, "no class came in answer to them"
)
SCORED = Subjects(
    TRACKED.words, TRACKED.asked, lambda m: m.tracks.scored, "no scores came in answer to them"
)

TRACK_CRITERIA = (
    Criterion(
        "centroid_rms",
        FELT,
        lambda m: m.tracks.centroid_rms,
        "the centroid follows the contact",
        "the centroid does not follow the contact",
        "rms error less a constant offset",
        centroid_cause,
        "taxel",
    ),
    Criterion(
        "class_agreement",
        CLASSIFIED,
        lambda m: m.tracks.class_agreement,
        "the class stays along slides",
        "the class changes along slides",
        "fraction with the class of their slide",
        always(
            "aliasing does this: a stride, a pooling layer or a sharp activation; or the model "
            "hardly tells these classes apart"
        ),
        at_least=True,
    ),
    Criterion(
        "score_ripple",
        SCORED,
        lambda m: m.tracks.score_ripple,
        "the score is steady along slides",
        "the score ripples along slides",
        "largest spread of the score of a class",
        always(
            "aliasing does this: a stride, a pooling layer or a sharp activation; a smooth "
            "activation and sums instead of maxima lessen it"
        ),
    ),
    Criterion(
        "contacts_missed",
        TRACKED,
        lambda m: m.tracks.missed,
        "the contact is always seen",
        "the contact is not always seen",
        "frames without a contact",
        always("a threshold near the contact's probability, or too large a least area"),
    ),
    Criterion(
        "contacts_extra",
        TRACKED,
        lambda m: m.tracks.extra,
        "one contact is seen as one",
        "one contact is seen as several",
        "contacts too many",
        always("the map falls apart at the threshold, or phantoms appear at the border"),
    ),
    Criterion(
        "class_accuracy",
        CLASSIFIED,
        lambda m: m.tracks.class_accuracy,
        "the class is the injected one",
        "the class is another than the injected one",
        "fraction with the injected class",
        always("the model was trained on other textures, or names them differently"),
        at_least=True,
    ),
)
