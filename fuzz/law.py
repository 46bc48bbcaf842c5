"""The law for every input: a right answer, or a refusal that names what came; nothing else."""

from __future__ import annotations

import re
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Protocol

from tactile_equiv.errors import FrameError, TactileError

LONGEST = 1500
"""Characters of a refusal: it goes into a log and into diagnostics."""
NAMES_SOMETHING = re.compile(r"""\d|'[^']*'|"[^"]*"|\[|\{|None|True|False|inf|nan|\w\.\w{2,12}\b""")
REASON = re.compile(r"[a-z]{3,20}")


class ViolationError(Exception):
    """An input that was answered, and wrongly."""


class Subject(Protocol):
    """Something that reads untrusted input.

    Attributes:
        name: short, one word.
        kind: "message", "parameter" or "file".
        limit_s: seconds of processor time that one input may take.
    """

    name: str
    kind: str
    limit_s: float

    def make(self, random: Random) -> Any:
        """An input, drawn from `random`; most are malformed."""
        ...

    def check(self, given: Any) -> None:
        """Read an input and examine the answer.

        Raises:
            TactileError: if the input is refused.
            ViolationError: if the answer is wrong.
        """
        ...


class Outcome(NamedTuple):
    """What became of one input.

    Attributes:
        kind: "answered", "refused", or how the law was broken: "crash" (another exception),
            "wrong" (an answer), "slow" (too much processor time), "refusal" (one that says too
            little, or too much).
        reason: of a refusal; where the law was broken, the place in the code.
        detail: the message, or the traceback.
        seconds: of processor time.
    """

    kind: str
    reason: str
    detail: str
    seconds: float

    @property
    def keeps_law(self) -> bool:
        """True for a right answer and for a proper refusal."""
        return self.kind in ("answered", "refused")


def judged(subject: Subject, given: Any) -> Outcome:
    """What becomes of an input."""
    begun = time.process_time()
    kind, reason, detail = _tried(subject, given)
    seconds = time.process_time() - begun
    if kind in ("answered", "refused") and seconds > subject.limit_s:
        detail = f"{seconds:.2f} s of processor time, at most {subject.limit_s} ({detail})"
        kind, reason = "slow", subject.name
    return Outcome(kind, reason, detail, seconds)


def _tried(subject: Subject, given: Any) -> tuple[str, str, str]:
    try:
        subject.check(given)
    except ViolationError as violation:
        return "wrong", _place(violation), str(violation)
    except TactileError as refusal:
        return _refused(refusal)
    except Exception as error:
        return "crash", f"{type(error).__name__} in {_place(error)}", traceback.format_exc(limit=-8)
    return "answered", "", ""


def _refused(refusal: TactileError) -> tuple[str, str, str]:
    said = str(refusal)
    reason = refusal.reason if isinstance(refusal, FrameError) else type(refusal).__name__
    if isinstance(refusal, FrameError) and not REASON.fullmatch(reason):
        return "refusal", _place(refusal), f"{reason!r:.80} is no reason"
    if len(said) > LONGEST:
        return "refusal", _place(refusal), f"{len(said)} characters: {said[:200]!r}"
    if not NAMES_SOMETHING.search(said):
        return "refusal", _place(refusal), f"it does not name what came: {said!r}"
    return "refused", reason, said


def _place(error: BaseException) -> str:
    """File and line where an exception was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
