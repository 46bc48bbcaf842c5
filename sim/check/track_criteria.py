"""Criteria of contacts on their way over the sensor, sub-taxel steps included."""

from __future__ import annotations

from .causes import centroid_cause, slide_cause
from .criterion import FRACTION, Criterion, Subjects, always

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
        "rms error {value} less a constant offset, over {count} frames",
        centroid_cause,
        "taxel",
    ),
    Criterion(
        "centroid_offset",
        FELT,
        lambda m: m.tracks.offset,
        "the centroid lies in the contact",
        "the centroid lies beside the contact",
        "constant offset up to {value} over {count} frames",
        always(
            "rows and columns swapped, pixel corners taken for centres, another resolution, or "
            "answers that lag behind a steady slide"
        ),
        "taxel",
    ),
    Criterion(
        "class_agreement",
        CLASSIFIED,
        lambda m: m.tracks.class_agreement,
        "the class stays along slides",
        "the class changes along slides",
        "{value} of {count} frames have the class of their slide",
        slide_cause,
        FRACTION,
        at_least=True,
    ),
    Criterion(
        "score_ripple",
        SCORED,
        lambda m: m.tracks.score_ripple,
        "the score is steady along slides",
        "the score ripples along slides",
        "the score of a class spreads by up to {value} over {count} frames",
        slide_cause,
    ),
    Criterion(
        "contacts_missed",
        TRACKED,
        lambda m: m.tracks.missed,
        "the contact is always seen",
        "the contact is not always seen",
        "no contact in {value} of {count} frames of one",
        always("a threshold near the contact's probability, or too large a least area"),
    ),
    Criterion(
        "contacts_extra",
        TRACKED,
        lambda m: m.tracks.extra,
        "one contact is seen as one",
        "one contact is seen as several",
        "{value} contacts too many in {count} frames of one",
        always("the map falls apart at the threshold, or phantoms appear at the border"),
    ),
    Criterion(
        "class_accuracy",
        CLASSIFIED,
        lambda m: m.tracks.class_accuracy,
        "the class is the injected one",
        "the class is another than the injected one",
        "{value} of {count} frames have the injected class",
        always("the model was trained on other textures, or names them differently"),
        FRACTION,
        at_least=True,
    ),
)
