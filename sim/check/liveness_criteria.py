"""Criteria of answering: every frame, once, in order, in time."""

from __future__ import annotations

from .criterion import Criterion, Subjects, always

FRAMES = Subjects("frames", lambda m: m.liveness.injected, lambda m: m.liveness.injected)
ANSWERS = Subjects("answers", lambda m: m.liveness.answered, lambda m: m.liveness.answered)

LIVENESS_CRITERIA = (
    Criterion(
        "answers_missing",
        FRAMES,
        lambda m: m.liveness.missing,
        "every frame was answered or counted as dropped",
        "frames were lost",
        "{value} of {count} frames have no answer",
        always(
            "the node is slower than the sensor and does not count what it skips, or a queue "
            "is too short"
        ),
    ),
    Criterion(
        "answers_dropped",
        FRAMES,
        lambda m: m.liveness.dropped,
        "the node dropped nothing",
        "the node dropped or refused frames",
        "it counted {value} of {count} frames as dropped or refused",
        always("the node is slower than the sensor, or refuses frames: see its diagnostics"),
    ),
    Criterion(
        "answers_duplicate",
        ANSWERS,
        lambda m: m.liveness.duplicates,
        "every frame was answered once",
        "frames were answered more than once",
        "{value} further answers to {count} frames",
        always("two nodes publish to one topic, or a timer publishes the last answer again"),
    ),
    Criterion(
        "answers_unknown",
        ANSWERS,
        lambda m: m.liveness.strangers,
        "every answer bears the stamp of its frame",
        "answers bear stamps of no frame",
        "{value} answers beside {count} with the stamp of a frame",
        always("the node stamps answers with its own clock: copy header.stamp from the frame"),
    ),
    Criterion(
        "answers_out_of_order",
        ANSWERS,
        lambda m: m.liveness.out_of_order,
        "answers came in the order of the frames",
        "answers came in another order than the frames",
        "{value} of {count} answers came after the answer to a later frame",
        always("frames are perceived by several threads and published as they finish"),
    ),
    Criterion(
        "answers_incomplete",
        ANSWERS,
        lambda m: m.liveness.incomplete,
        "every answer is complete",
        "answers are incomplete",
        "{value} of {count} answers lack the contact map, the contacts or their class",
        always("one of the topics is not published for every frame, or its messages were lost"),
    ),
    Criterion(
        "latency_p99",
        ANSWERS,
        lambda m: m.liveness.latency_p99,
        "answers are quick",
        "answers are slow",
        "{value} from frame to answer, 99th percentile of {count}",
        always("the node is slower than the sensor, or the machine is busy"),
        "s",
    ),
    Criterion(
        "age_p99",
        ANSWERS,
        lambda m: m.liveness.age_p99,
        "answers are fresh",
        "answers are old",
        "{value} from stamp to answer, 99th percentile of {count}",
        always("frames come late from the sensor, or wait in a queue"),
        "s",
    ),
)
