"""Collects messages into records of what was injected and what was perceived, by stamp."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray
from tactile_equiv_sim.check.records import Injected, Perceived, SeenContact
from tactile_equiv_sim.check_settings import DETECTIONS
from tactile_equiv_sim.truth_messages import injected_of, is_lost

from tactile_equiv.decoding import decode_image
from tactile_equiv.errors import FrameError
from tactile_equiv.messages import nanoseconds
from tactile_equiv.settings import Settings

ANSWER = ("classification", "contact_map", "contacts")
TRUTH = ("contacts", "injection")


@dataclass
class _Answer:
    """Messages that answer one frame, and when the last of them came."""

    parts: dict[str, Any]
    received_ns: int


class Records:
    """Everything that came, by stamp; the order of arrival does not matter.

    Args:
        contacts_type: message type of the perceived contacts.
    """

    def __init__(self, contacts_type: str = DETECTIONS) -> None:
        self._contacts_of = seen_contacts if contacts_type == DETECTIONS else seen_point
        self._answers: dict[int, list[_Answer]] = defaultdict(list)
        self._truths: dict[int, dict[str, Any]] = defaultdict(dict)
        self._sent: dict[int, int] = {}
        self._frames: dict[str, dict[int, NDArray[Any]]] = {"frame": {}, "ideal": {}}

    def add_answer(self, part: str, message: Any, received_ns: int) -> None:
        """A message of `ANSWER`; a second one for a stamp begins a second answer."""
        answers = self._answers[nanoseconds(message.header.stamp)]
        open_answer = next((one for one in answers if part not in one.parts), None)
        if open_answer is None:
            open_answer = _Answer({}, received_ns)
            answers.append(open_answer)
        open_answer.parts[part] = message
        open_answer.received_ns = received_ns

    def add_truth(self, part: str, message: Any) -> None:
        """A message of `TRUTH`."""
        self._truths[nanoseconds(message.header.stamp)][part] = message

    def add_frame(self, kind: str, message: Any, sent_ns: int | None = None) -> None:
        """An image of the sensor, kind "frame", or of the ideal sensor, kind "ideal"."""
        stamp, values = nanoseconds(message.header.stamp), decoded(message)
        if values is not None:
            self._frames[kind][stamp] = values
        if sent_ns is not None:
            self._sent[stamp] = sent_ns

    @property
    def truths(self) -> int:
        """Frames of which the whole truth came."""
        return sum(len(parts) == len(TRUTH) for parts in self._truths.values())

    @property
    def any_complete(self) -> bool:
        """Some frame was answered with all messages."""
        return any(len(one.parts) == len(ANSWER) for one in self._all_answers())

    @property
    def unanswered(self) -> list[int]:
        """Stamps of frames that lack an answer, or a part of it, although one is due."""
        return [
            stamp
            for stamp, parts in self._truths.items()
            if not any(len(one.parts) == len(ANSWER) for one in self._answers.get(stamp, ()))
            and not is_lost(parts.get("injection"))
        ]

    def injected(self) -> list[Injected]:
        """Frames of which the whole truth came.

        Raises:
            DataError: if a truth cannot be read.
        """
        return [
            self._injected(stamp, injected_of(parts["contacts"], parts["injection"]))
            for stamp, parts in self._truths.items()
            if len(parts) == len(TRUTH)
        ]

    def _injected(self, stamp: int, truth: Injected) -> Injected:
        return replace(
            truth,
            frame=self._frames["frame"].get(stamp),
            ideal=self._frames["ideal"].get(stamp),
            sent_ns=self._sent.get(stamp, truth.sent_ns),
        )

    def perceived(self, names: Mapping[str, str]) -> list[Perceived]:
        """Answers in the order received, without those to frames before the script.

        Args:
            names: of class ids.
        """
        first = min(self._truths, default=0)
        found = [
            self._perceived(stamp, answer, names)
            for stamp, answers in self._answers.items()
            for answer in answers
            if stamp >= first or stamp == 0
        ]
        return sorted(found, key=lambda answer: answer.received_ns)

    def _perceived(self, stamp: int, answer: _Answer, names: Mapping[str, str]) -> Perceived:
        parts = answer.parts
        scores = scores_of(parts.get("classification"), names)
        contact_map = parts.get("contact_map")
        contacts = parts.get("contacts")
        return Perceived(
            stamp_ns=stamp,
            received_ns=answer.received_ns,
            contact_map=None if contact_map is None else decoded(contact_map),
            label=max(scores, key=lambda name: scores[name], default=None),
            scores=scores,
            contacts=None if contacts is None else self._contacts_of(contacts),
        )

    def _all_answers(self) -> Iterator[_Answer]:
        return (answer for answers in self._answers.values() for answer in answers)


def decoded(message: Any) -> NDArray[Any] | None:
    """(H, W) or (H, W, 3) of an Image; None where it cannot be read."""
    try:
        return decode_image(message, Settings())
    except FrameError:
        return None


def scores_of(classification: Any, names: Mapping[str, str]) -> dict[str, float]:
    """Score of each class; `names` of class ids, others stay as they are."""
    results = [] if classification is None else classification.results
    return {names.get(one.class_id, one.class_id): float(one.score) for one in results}


def seen_contacts(message: Any) -> tuple[SeenContact, ...]:
    """Contacts of a Detection2DArray."""
    return tuple(
        SeenContact(
            row=detection.bbox.center.position.y,
            column=detection.bbox.center.position.x,
            clipped=any(result.pose.covariance[0] < 0 for result in detection.results),
        )
        for detection in message.detections
    )


def seen_point(message: Any) -> tuple[SeenContact, ...]:
    """The contact of a PointStamped; none where it is NaN."""
    point = message.point
    if math.isnan(point.x) or math.isnan(point.y):
        return ()
    return (SeenContact(row=point.y, column=point.x),)
