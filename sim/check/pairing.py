"""Pairs frames with answers by their stamps, never by order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tactile_equiv.errors import DataError

from .records import Injected, Perceived


class Exchange(NamedTuple):
    """A frame and its first answer."""

    injected: Injected
    perceived: Perceived


@dataclass(frozen=True)
class Stream:
    """Everything that was injected and perceived.

    Attributes:
        injected: in the order of publishing.
        answers: as received.
        exchanges: frames that were answered, in the order of publishing.
        unanswered: frames that no answer came to although one was due.
        duplicates: second and further answers to a frame.
        strangers: answers whose stamp no frame bears.
    """

    injected: tuple[Injected, ...]
    answers: tuple[Perceived, ...]
    exchanges: tuple[Exchange, ...]
    unanswered: tuple[Injected, ...]
    duplicates: tuple[Perceived, ...]
    strangers: tuple[Perceived, ...]

    def before(self, lag: int) -> dict[int, Injected]:
        """By stamp of a frame, the frame of the same move published `lag` frames earlier."""
        moves: dict[str, list[Injected]] = defaultdict(list)
        for frame in self.injected:
            moves[frame.move].append(frame)
        return {
            late.stamp_ns: early
            for frames in moves.values()
            for early, late in zip(frames, frames[lag:], strict=False)
        }


def pair(injected: Sequence[Injected], perceived: Sequence[Perceived]) -> Stream:
    """Pair by stamp.

    Raises:
        DataError: if two frames bear one stamp.
    """
    frames = {one.stamp_ns: one for one in injected}
    if len(frames) != len(injected):
        twice, _ = Counter(one.stamp_ns for one in injected).most_common(1)[0]
        raise DataError(
            f"two injected frames bear the stamp {twice} ns: answers are paired by stamp, so every "
            "frame needs one of its own"
        )
    first: dict[int, Perceived] = {}
    duplicates, strangers = [], []
    for answer in perceived:
        if answer.stamp_ns not in frames:
            strangers.append(answer)
        elif answer.stamp_ns in first:
            duplicates.append(answer)
        else:
            first[answer.stamp_ns] = answer
    ordered = sorted(injected, key=lambda one: one.published_ns)
    return Stream(
        injected=tuple(ordered),
        answers=tuple(perceived),
        exchanges=tuple(
            Exchange(one, first[one.stamp_ns]) for one in ordered if one.stamp_ns in first
        ),
        unanswered=tuple(one for one in ordered if one.stamp_ns not in first and not one.lost),
        duplicates=tuple(duplicates),
        strangers=tuple(strangers),
    )
