"""Is every frame accounted for? Published = answered + what the node counts as dropped or refused.

The books are balanced each time that the node publishes its diagnostics. A node that works in one
thread has then dealt with every frame up to its last answer, and with no later one. Sequence
numbers of the middleware tell how many frames and answers there were, also where the observer
itself missed some; times of sending tell what came before what, in whichever order it is heard.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

REMEMBERED = 4096
"""At most so many frames wait for their answer, answers for their frame or for diagnostics."""


@dataclass(frozen=True)
class Totals:
    """Frames up to one moment, or between two.

    Attributes:
        published: by the sensor.
        answered: of which the node published a class, each once.
        dropped, refused: as its diagnostics say.
    """

    published: int
    answered: int
    dropped: int
    refused: int

    def __sub__(self, other: Totals) -> Totals:
        return Totals(
            self.published - other.published,
            self.answered - other.answered,
            self.dropped - other.dropped,
            self.refused - other.refused,
        )

    @property
    def uncounted(self) -> int:
        """Frames that nobody accounts for; below 0 where more is counted than happened."""
        return self.published - self.answered - self.dropped - self.refused


@dataclass(frozen=True)
class _Answer:
    sent: int
    stamp: int
    number: int


@dataclass(frozen=True)
class _Settled:
    """An answer whose frame is known (0 = no such frame), and the answers until then."""

    sent: int
    frame: int
    answered: int


@dataclass(frozen=True)
class _Statement:
    sent: int
    dropped: int
    refused: int


class FrameAccounts:
    """Books of one sensor and one node; constant memory.

    Times are nanoseconds; frames, answers and statements each come in the order of their sending.

    Attributes:
        repeated: answers whose stamp is not later than that of the answer before.
        unmatched: answers to a frame that was never heard.
        balanced_at: when the node stated what the newest balance rests on; 0 before the first.
        newest_frame: its number.
    """

    def __init__(self) -> None:
        self.repeated = self.unmatched = self.balanced_at = self.newest_frame = 0
        self._frames: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)
        self._answers: deque[_Answer] = deque(maxlen=REMEMBERED)
        self._settled: deque[_Settled] = deque(maxlen=REMEMBERED)
        self._statement: _Statement | None = None
        self._newest_stamp = self._answered_stamp = 0
        self._first: Totals | None = None
        self._last: Totals | None = None

    def frame(self, number: int, stamp: int) -> None:
        """A frame was published with this number and stamp."""
        self.newest_frame, self._newest_stamp = number, stamp
        self._frames.append((stamp, number))
        self._settle()

    def answer(self, number: int, stamp: int, sent: int) -> None:
        """The node's answer with this number, to the frame with that stamp, sent at that time."""
        self._answers.append(_Answer(sent, stamp, number))
        self._settle()

    def stated(self, sent: int, dropped: int, refused: int) -> None:
        """The node says how many frames it dropped and refused until it sent this."""
        self._statement = _Statement(sent, dropped, refused)
        self._balance()

    @property
    def totals(self) -> Totals:
        """From the first balance to the newest; zeros before the second."""
        if self._first is None or self._last is None:
            return Totals(0, 0, 0, 0)
        return self._last - self._first

    @property
    def unbalanced(self) -> int:
        """Frames published since the newest balance."""
        return self.newest_frame - (self._last.published if self._last else 0)

    def _settle(self) -> None:
        """Find the frames of the answers; the frame of an answer may be heard after it."""
        while self._answers and self._answers[0].stamp <= self._newest_stamp:
            answer = self._answers.popleft()
            if answer.stamp <= self._answered_stamp:
                self.repeated += 1
                continue
            self._answered_stamp = answer.stamp
            frame = self._number(answer.stamp)
            self.unmatched += not frame
            self._settled.append(_Settled(answer.sent, frame, answer.number - self.repeated))
        self._balance()

    def _number(self, stamp: int) -> int:
        """Of the frame with this stamp, or 0; those before it wait no longer."""
        while self._frames and self._frames[0][0] < stamp:
            self._frames.popleft()
        known = bool(self._frames) and self._frames[0][0] == stamp
        return self._frames[0][1] if known else 0

    def _balance(self) -> None:
        """As soon as an answer after the statement is settled, so are all before it."""
        statement = self._statement
        if statement is None or not self._settled or self._settled[-1].sent <= statement.sent:
            return
        while len(self._settled) > 1 and self._settled[1].sent <= statement.sent:
            self._settled.popleft()
        before = self._settled[0]
        self._statement = None
        if before.sent <= statement.sent and before.frame:
            self._last = Totals(before.frame, before.answered, statement.dropped, statement.refused)
            self._first = self._first or self._last
            self.balanced_at = statement.sent
