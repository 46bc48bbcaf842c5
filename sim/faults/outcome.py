"""What came of a fault, and the table of all of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .ledger import Tally

COLUMNS = (
    *("fault", "frames sent", "answered", "counted lost", "nobody there", "lost in silence"),
    *("wrong", "first correct answer", "what the operator sees", "verdict"),
)


@dataclass(frozen=True)
class Recovery:
    """Times of the first correct answer after a kill, seconds.

    Attributes:
        after_kill: since the process was killed.
        after_start: since the next process began; the rest is who starts it.
        after_listening: since the graph knew its subscription; the rest is its cold start.
    """

    after_kill: float
    after_start: float
    after_listening: float


@dataclass
class Outcome:
    """What came of one fault.

    Attributes:
        fault: in words.
        sent: frames published.
        tally: of their answers.
        counted: frames that the node counts as dropped or refused.
        nobody: frames for which no answer is due: no process was there, or it died with them.
        first_answer: seconds from the end of the fault to the first correct answer, one for each
            time that it was tried.
        recoveries: the same for kills, in more detail.
        said: what the node said.
        problems: what was not as it must be; none = passed.
        not_tried: why it was not tried, "" = it was.
    """

    fault: str
    sent: int = 0
    tally: Tally = field(default_factory=Tally)
    counted: int = 0
    nobody: int = 0
    first_answer: list[float] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    not_tried: str = ""

    @property
    def silent(self) -> int:
        """Frames that nobody accounts for; below 0 where more is counted than was sent."""
        return self.sent - self.tally.answered - self.counted - self.nobody

    @property
    def verdict(self) -> str:
        """In a word; passed: every frame is accounted for, no answer is wrong, nothing amiss."""
        if self.not_tried:
            return "not tried"
        return "FAILED" if self.all_problems() else "passed"

    def all_problems(self) -> list[str]:
        """What was not as it must be, in sentences."""
        problems = list(self.problems)
        if self.tally.wrong:
            problems.append(f"{self.tally.wrong} answers are not those of `perceive`")
        if self.silent > 0:
            problems.append(f"{self.silent} frames are lost and not counted")
        if self.silent < 0:
            problems.append(f"{-self.silent} frames are counted as lost that were not")
        return problems

    def judge_recoveries(self, within: float) -> None:
        """Correct answers must be back within so many seconds of a kill."""
        late = [one for one in self.recoveries if one.after_kill > within]
        if late:
            worst = max(one.after_kill for one in late)
            self.problems.append(
                f"{len(late)} of {len(self.recoveries)} times correct answers came later than "
                f"{within:g} s after the kill, at worst {worst:.2f} s"
            )

    def row(self) -> tuple[str, ...]:
        """As in the table."""
        return (
            self.fault,
            *(str(n) for n in (self.sent, self.tally.answered, self.counted, self.nobody)),
            str(self.silent),
            str(self.tally.wrong),
            self._times(),
            self.not_tried or "; ".join(self.said) or "nothing",
            self.verdict,
        )

    def _times(self) -> str:
        if self.recoveries:
            return " ".join(
                f"{spread([getattr(one, name) for one in self.recoveries])} after {words}"
                for name, words in (
                    ("after_kill", "the kill,"),
                    ("after_start", "the start,"),
                    ("after_listening", "it listens"),
                )
            )
        return spread(self.first_answer) if self.first_answer else "never away"


def spread(seconds: Sequence[float]) -> str:
    """Median and worst of several times."""
    if len(seconds) == 1:
        return f"{seconds[0]:.2f} s"
    return f"{statistics.median(seconds):.2f} s (worst {max(seconds):.2f} s)"


def table(outcomes: Iterable[Outcome]) -> str:
    """A Markdown table."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(one.row() for one in outcomes)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
