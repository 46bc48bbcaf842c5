"""One contact on its way over the sensor: position, class and score along a move. Numbers only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .centroids import Kind, Place, centroid_lag, centroid_offsets, deviation, without
from .pairing import Exchange, Stream
from .records import Injected
from .shift_pairs import WHOLE
from .summaries import fraction, rms, worst

SHORTEST = 5
"""Fewer frames give no offset and no majority."""


@dataclass(frozen=True)
class Track:
    """The answers to one contained contact of one kind along one move, in the order of publishing.

    Attributes:
        move, label, angle, load: the move and the kind of the contact.
        stamps_ns, margins: of every frame; margins in taxels.
        true, seen: centroids (row, column), taxels; NaN where no contact was seen.
        errors: seen - true - offset of this kind of contact; NaN where no contact was seen.
        contacts: contacts seen in every frame; one is right.
        labels: class given in every frame; None = none.
        majority: the class given most often, None if none was; agreeing: frames with it.
        scores: its score in every frame; NaN where it was not published.
        scored: a score of it was published; ripple: highest - lowest; NaN if one is NaN.
    """

    move: str
    label: str
    angle: float
    load: float
    stamps_ns: tuple[int, ...]
    margins: tuple[float, ...]
    true: tuple[Place, ...]
    seen: tuple[Place, ...]
    errors: tuple[Place, ...]
    contacts: tuple[int, ...]
    labels: tuple[str | None, ...]
    majority: str | None
    agreeing: int
    scores: tuple[float, ...]
    scored: bool
    ripple: float

    @property
    def felt(self) -> tuple[Place, ...]:
        """Errors where a contact was seen."""
        return tuple(
            error for error, count in zip(self.errors, self.contacts, strict=True) if count
        )


@dataclass(frozen=True)
class Tracks:
    """All tracks of a stream.

    Attributes:
        asked: frames of the script that belong to a track.
        tracks: what was seen of them.
        offsets: mean of seen - true (row, column) by kind of contact, taxels, over all moves.
        lag: centroids show where the contact was so many frames ago; 0 = they do not.
        right: frames whose class is the injected one.
    """

    asked: int
    tracks: tuple[Track, ...]
    offsets: Mapping[Kind, Place]
    lag: int
    right: int

    @property
    def frames(self) -> int:
        """Frames that were answered."""
        return sum(len(track.stamps_ns) for track in self.tracks)

    @property
    def felt(self) -> int:
        """Frames in which a contact was seen."""
        return sum(len(track.felt) for track in self.tracks)

    @property
    def classified(self) -> int:
        """Frames of tracks that were given classes."""
        return sum(len(track.stamps_ns) for track in self.tracks if track.majority is not None)

    @property
    def scored(self) -> int:
        """Frames of tracks that were given scores."""
        return sum(len(track.stamps_ns) for track in self.tracks if track.scored)

    @property
    def centroid_rms(self) -> float:
        """Of all frames in which a contact was seen, taxels."""
        return rms(error for track in self.tracks for error in track.felt)

    @property
    def offset(self) -> float:
        """Longest offset, taxels."""
        return worst(float(np.hypot(*offset)) for offset in self.offsets.values())

    @property
    def class_agreement(self) -> float:
        """Fraction of frames with the class that their track was given most often."""
        return fraction(sum(track.agreeing for track in self.tracks), self.classified)

    @property
    def score_ripple(self) -> float:
        """Largest of all tracks."""
        return worst(track.ripple for track in self.tracks)

    @property
    def class_accuracy(self) -> float:
        """Fraction of frames with the injected class."""
        return fraction(self.right, self.classified)

    @property
    def missed(self) -> int:
        """Frames in which no contact was seen."""
        return self.frames - self.felt

    @property
    def extra(self) -> int:
        """Contacts seen beside the injected one."""
        return sum(max(count - 1, 0) for track in self.tracks for count in track.contacts)

    def to_json(self) -> dict[str, Any]:
        """The numbers by name, every track with its own."""
        summary = (
            "frames",
            "centroid_rms",
            "offset",
            "class_agreement",
            "score_ripple",
            "class_accuracy",
        )
        offsets = [
            {"label": label, "angle": angle, "load": load, "offset": offset}
            for (label, angle, load), offset in self.offsets.items()
        ]
        plain = asdict(self) | {"offsets": offsets}
        return plain | {name: getattr(self, name) for name in (*summary, "missed", "extra")}


def measure_tracks(stream: Stream, frames: Iterable[Injected]) -> Tracks:
    """Tracks of single contained contacts among `frames`, some frames of the stream."""
    answered = {exchange.injected.stamp_ns: exchange for exchange in stream.exchanges}
    groups = track_groups(frames)
    found = [
        [answered[one.stamp_ns] for one in group if one.stamp_ns in answered] for group in groups
    ]
    # Without the contacts' topic there is nothing to measure.
    found = [[e for e in group if e.perceived.contacts is not None] for group in found]
    exchanges = [exchange for group in found for exchange in group]
    offsets = centroid_offsets(exchanges)
    return Tracks(
        asked=sum(map(len, groups)),
        tracks=tuple(_track(group, offsets) for group in found if group),
        offsets=offsets,
        lag=centroid_lag(stream, exchanges),
        right=sum(answer.label == frame.contacts[0].label for frame, answer in exchanges),
    )


def track_groups(frames: Iterable[Injected]) -> list[list[Injected]]:
    """Frames of one contained contact, by move and kind, where it moved; long enough ones."""
    groups: dict[tuple[str, Kind], list[Injected]] = defaultdict(list)
    for frame in frames:
        if len(frame.contacts) == 1 and frame.contained and not frame.lost:
            groups[frame.move, frame.contacts[0].kind].append(frame)
    return [group for group in groups.values() if len(group) >= SHORTEST and _moved(group)]


def _moved(group: Sequence[Injected]) -> bool:
    places = np.array([(one.contacts[0].row, one.contacts[0].column) for one in group])
    return bool(np.ptp(places, axis=0).max() > WHOLE)


def _track(exchanges: Sequence[Exchange], offsets: Mapping[Kind, Place]) -> Track:
    contacts = [exchange.injected.contacts[0] for exchange in exchanges]
    label, angle, load = kind = contacts[0].kind
    deviations = [deviation(e, true) for e, true in zip(exchanges, contacts, strict=True)]
    offset = offsets.get(kind, (0.0, 0.0))
    given = Counter(answer.label for _, answer in exchanges if answer.label is not None)
    majority, agreeing = next(iter(given.most_common(1)), (None, 0))
    scores = [answer.scores.get(majority or "") for _, answer in exchanges]
    published = [score for score in scores if score is not None]
    return Track(
        move=exchanges[0].injected.move,
        label=label,
        angle=angle,
        load=load,
        stamps_ns=tuple(frame.stamp_ns for frame, _ in exchanges),
        margins=tuple(contact.margin for contact in contacts),
        true=tuple((contact.row, contact.column) for contact in contacts),
        seen=tuple(
            (contact.row + down, contact.column + right)
            for contact, (down, right) in zip(contacts, deviations, strict=True)
        ),
        errors=tuple(without(offset, error) for error in deviations),
        contacts=tuple(len(answer.contacts or ()) for _, answer in exchanges),
        labels=tuple(answer.label for _, answer in exchanges),
        majority=majority,
        agreeing=agreeing,
        scores=tuple(float("nan") if score is None else score for score in scores),
        scored=bool(published),
        ripple=float(np.ptp(published)) if published else 0.0,
    )
