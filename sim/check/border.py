"""Near the border: error by distance to the edge, and contacts that the edge cuts. Numbers only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .centroids import Kind, deviation, nearest, without
from .pairing import Exchange
from .shifts import ShiftErrors
from .summaries import fraction, rms, worst
from .tracks import Tracks

CERTAINLY_INSIDE = 3
"""A contact this many taxels from the border is not clipped, however generous its outline."""


@dataclass(frozen=True)
class EdgeDistance:
    """Contained contacts at one distance to the border.

    Attributes:
        distance: whole taxels from the contact to the nearest border, 0 = in a border row.
        shifts: whole-taxel shifts; map_error, score_drift, flips: worst and count of theirs.
        frames: frames of tracks; centroid_rms: of their errors, taxels.
    """

    distance: int
    shifts: int
    map_error: float
    score_drift: float
    flips: int
    frames: int
    centroid_rms: float


@dataclass(frozen=True)
class Border:
    """What happened at the border.

    Attributes:
        distances: contained contacts by distance, nearest first.
        clipped: answered frames of one contact that the border cuts.
        clipped_felt: those in which a contact was seen; unflagged: seen, but not as clipped.
        clipped_centroid_rms: against the centroid of the uncut contact, less the offset, taxels.
        clipped_compared: those whose kind was also seen whole; clipped_agreement: fraction of them
            with the class that the whole contact was given.
        inside: answered frames of one contact certainly inside; falsely_flagged: seen as clipped.
    """

    distances: tuple[EdgeDistance, ...]
    clipped: int
    clipped_felt: int
    unflagged: int
    clipped_centroid_rms: float
    clipped_compared: int
    clipped_agreement: float
    inside: int
    falsely_flagged: int

    def to_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return asdict(self)


def measure_border(exchanges: Sequence[Exchange], shifts: ShiftErrors, tracks: Tracks) -> Border:
    """Contacts near and across the border, of exchanges with an ideal sensor."""
    single = [e for e in exchanges if len(e.injected.contacts) == 1 and e.perceived.contacts]
    answered = [e for e in exchanges if len(e.injected.contacts) == 1]
    cut = [e for e in single if e.injected.contacts[0].clipped]
    whole = [
        e
        for e in single
        if not e.injected.contacts[0].clipped and e.injected.contacts[0].margin >= CERTAINLY_INSIDE
    ]
    classes = _class_of_whole_contacts(tracks)
    known = [e for e in cut if e.injected.contacts[0].label in classes]
    agreeing = sum(e.perceived.label == classes[e.injected.contacts[0].label] for e in known)
    return Border(
        distances=_by_distance(shifts, tracks),
        clipped=sum(e.injected.contacts[0].clipped for e in answered),
        clipped_felt=len(cut),
        unflagged=sum(not _flagged(e) for e in cut),
        clipped_centroid_rms=rms(_clipped_error(e, tracks.offsets) for e in cut),
        clipped_compared=len(known),
        clipped_agreement=fraction(agreeing, len(known)),
        inside=len(whole),
        falsely_flagged=sum(_flagged(e) for e in whole),
    )


def _flagged(exchange: Exchange) -> bool:
    seen = nearest(exchange, exchange.injected.contacts[0])
    return seen is not None and seen.clipped


def _clipped_error(
    exchange: Exchange, offsets: Mapping[Kind, tuple[float, float]]
) -> tuple[float, float]:
    contact = exchange.injected.contacts[0]
    return without(offsets.get(contact.kind, (0.0, 0.0)), deviation(exchange, contact))


def _class_of_whole_contacts(tracks: Tracks) -> dict[str, str | None]:
    """By injected class, the class that whole contacts were given most often."""
    given: dict[str, Counter[str | None]] = defaultdict(Counter)
    for track in tracks.tracks:
        given[track.label][track.majority] += track.agreeing
    return {label: counts.most_common(1)[0][0] for label, counts in given.items()}


def _by_distance(shifts: ShiftErrors, tracks: Tracks) -> tuple[EdgeDistance, ...]:
    errors = defaultdict(list)
    for error in shifts.compared:
        errors[int(error.margin)].append(error)
    centroids = defaultdict(list)
    for track in tracks.tracks:
        for margin, gap, count in zip(track.margins, track.errors, track.contacts, strict=True):
            if count:
                centroids[int(margin)].append(gap)
    return tuple(
        EdgeDistance(
            distance=distance,
            shifts=len(errors[distance]),
            map_error=worst(error.map_error for error in errors[distance]),
            score_drift=worst(error.score_drift for error in errors[distance]),
            flips=sum(error.flipped for error in errors[distance]),
            frames=len(centroids[distance]),
            centroid_rms=rms(centroids[distance]),
        )
        for distance in sorted({*errors, *centroids})
    )
