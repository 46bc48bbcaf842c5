"""The messages of the live stream, and what the node must answer to them.

Both sides come from `fuzz.message_subjects`, which reads the same bytes as the node does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification

from fuzz.drivers import random_of
from fuzz.message_subjects import MessageSubject
from tactile_equiv import messages
from tactile_equiv.errors import FrameError

BURST = 20
"""Malformed messages between two good ones."""
GOOD = 8
"""Different good frames, in turn."""


@dataclass
class Answer:
    """What a good frame must be answered with: class ids with scores, and the map's bytes."""

    results: list[tuple[str, float]]
    contact_map: bytes


def good_frames(subject: MessageSubject) -> list[tuple[bytes, Answer]]:
    """Different frames that are touched, and their answers."""
    found: list[tuple[bytes, Answer]] = []
    for index in itertools.count():
        message = subject.right(random_of(1, subject.name, index))
        answer = answer_to(subject, message)
        if isinstance(answer, Answer) and answer.results:
            found.append((message, answer))
        if len(found) == GOOD:
            return found
    raise AssertionError("never reached")


def answer_to(subject: MessageSubject, message: bytes) -> Answer | str:
    """What a message is answered with, or the reason for which it is refused."""
    try:
        frame = subject.read(message)
        percept = subject.perceived(frame).enlarged(frame.cell)
    except FrameError as refusal:
        return refusal.reason
    results = messages.classification(Header(), percept, subject.settings).results
    scores = [(result.class_id, result.score) for result in results]
    return Answer(scores, percept.contact_map.astype("<f4").tobytes())


def difference(classes: Classification, contact_map: Image, expected: Answer) -> str:
    """How an answer differs from the one that is expected; "" = not at all."""
    results = [(result.class_id, result.score) for result in classes.results]
    if results != expected.results:
        return f"classes {results}, here {expected.results}"
    got = np.frombuffer(contact_map.data, np.float32)
    if not np.array_equal(got, np.frombuffer(expected.contact_map, np.float32), equal_nan=True):
        return f"a map of {contact_map.height}x{contact_map.width} is another one here"
    return ""


def bursts(subject: MessageSubject, count: int, seed: int) -> Iterator[list[tuple[bytes, str]]]:
    """Messages that are refused here, and why, in bursts."""
    burst: list[tuple[bytes, str]] = []
    sent = 0
    for index in itertools.count():
        message = subject.make(random_of(seed, f"live {subject.name}", index))
        message += bytes(-len(message) % 4)  # as the middleware does, or a cut end could come whole
        reason = answer_to(subject, message)
        if isinstance(reason, str) and message:
            burst.append((message, reason))
            sent += 1
        if len(burst) == BURST or (sent == count and burst):
            yield burst
            burst = []
        if sent == count:
            return
