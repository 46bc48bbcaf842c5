"""Criteria of empty frames, of several contacts, and of contacts at the border."""

from __future__ import annotations

from .criterion import FRACTION, Criterion, Subjects, always

EMPTY = Subjects("empty frames", lambda m: m.counts.empty, lambda m: m.counts.empty)
SEVERAL = Subjects(
    "frames of several contacts", lambda m: m.counts.several, lambda m: m.counts.several
)
CLIPPED = Subjects(
    "contacts cut by the border", lambda m: m.border.clipped, lambda m: m.border.clipped
)
CLIPPED_FELT = Subjects(
    CLIPPED.words, lambda m: m.border.clipped_felt, lambda m: m.border.clipped_felt
)
CLIPPED_COMPARED = Subjects(
    CLIPPED.words, lambda m: m.border.clipped_compared, lambda m: m.border.clipped_compared
)
INSIDE = Subjects(
    "contacts well inside the sensor", lambda m: m.border.inside, lambda m: m.border.inside
)

BORDER_CRITERIA = (
    Criterion(
        "empty_ripple",
        EMPTY,
        lambda m: m.counts.empty_ripple,
        "the map of an empty sensor is flat",
        "the map of an empty sensor is not flat",
        "it spreads by up to {value} over {count} empty frames",
        always(
            "zero padding with biases, coordinates fed to the network, or a map that comes late"
        ),
    ),
    Criterion(
        "empty_contacts",
        EMPTY,
        lambda m: m.counts.empty_contacts,
        "nothing is seen where nothing is pressed",
        "contacts are seen where nothing is pressed",
        "{value} contacts in {count} empty frames",
        always("a threshold below the background, a drifted tare, or an answer that came late"),
    ),
    Criterion(
        "several_resolved",
        SEVERAL,
        lambda m: m.counts.several_resolved,
        "several contacts are told apart",
        "several contacts are not told apart",
        "{value} of {count} frames show as many contacts as are pressed",
        always("contacts near to each other merge into one"),
        FRACTION,
        at_least=True,
    ),
    Criterion(
        "clipped_unflagged",
        CLIPPED_FELT,
        lambda m: m.border.unflagged,
        "contacts cut by the border are flagged",
        "contacts cut by the border are not flagged as clipped",
        "{value} of {count} cut contacts lack the flag",
        always("the flag is not set, or the map ends before the border"),
    ),
    Criterion(
        "clipped_false",
        INSIDE,
        lambda m: m.border.falsely_flagged,
        "whole contacts are not flagged as clipped",
        "whole contacts are flagged as clipped",
        "{value} of {count} contacts well inside bear the flag",
        always("the map spreads to the border: padding, or a receptive field as large as that"),
    ),
    Criterion(
        "clipped_class_agreement",
        CLIPPED_COMPARED,
        lambda m: m.border.clipped_agreement,
        "cut contacts keep the class of the whole",
        "cut contacts lose the class of the whole",
        "{value} of {count} cut contacts have the class of the whole one",
        always("physics: part of the contact is not felt"),
        FRACTION,
        at_least=True,
    ),
    Criterion(
        "clipped_centroid_rms",
        CLIPPED_FELT,
        lambda m: m.border.clipped_centroid_rms,
        "cut contacts are located",
        "cut contacts are located badly",
        "rms {value} from the centroid of the whole contact over {count} cut ones",
        always("physics: part of the contact is not felt"),
        "taxel",
    ),
)
