"""Three ways to draw inputs for the same subjects: at random, property-based, coverage-guided.

Subjects draw from a `random.Random`. A seeded one gives many inputs a second and the same ones
again. That of hypothesis gives fewer, and shrinks one that breaks the law to the smallest that
still does. That of atheris takes its numbers from bytes which libFuzzer changes so that more of the
code under test is reached.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from fuzz.law import Outcome, Subject, judged
from fuzz.ledger import Ledger
from fuzz.watched import Watched

ROUNDS = 24
"""Parts of a campaign: after each, every subject had its turn and memory is sampled."""
LARGEST_INPUT = 4096  # bytes from libFuzzer
WARM_UP = 40


class Campaign:
    """Inputs for some subjects, judged and counted.

    Args:
        subjects: that read them.
        watched: told of each input before it is read.
        seed: of everything that is drawn.
    """

    def __init__(self, subjects: Sequence[Subject], watched: Watched, seed: int) -> None:
        gc.freeze()  # later collections pass over what is imported now
        self.ledger = Ledger()
        self._subjects = subjects
        self._watched = watched
        self._seed = seed
        self._begun = 0

    def at_random(self, count: int) -> None:
        """`count` inputs, the same for the same seed."""
        drawn = dict.fromkeys((subject.name for subject in self._subjects), 0)
        for part in range(ROUNDS):
            for place, subject in enumerate(self._subjects):
                upto = _share(count, len(self._subjects), place) * (part + 1) // ROUNDS
                for index in range(drawn[subject.name], upto):
                    given = subject.make(random_of(self._seed, subject.name, index))
                    self._judge(subject, given, f"--again {subject.name}:{index}:{self._seed}")
                drawn[subject.name] = upto
            self.ledger.sample_memory()

    def property_based(self, count: int) -> None:
        """About `count` inputs of hypothesis."""
        rounds = max(1, min(ROUNDS, count // (25 * len(self._subjects))))
        examples = max(1, count // (rounds * len(self._subjects)))
        for part in range(rounds):
            for subject in self._subjects:
                self._hypothesis(subject, examples, part)
            self.ledger.sample_memory()

    def _hypothesis(self, subject: Subject, examples: int, part: int) -> None:
        from hypothesis import HealthCheck, given, seed, settings
        from hypothesis import strategies as st

        @seed(self._seed * ROUNDS + part)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @given(st.randoms(use_true_random=False))
        def holds(random: Random) -> None:
            made = subject.make(random)
            outcome = self._judge(subject, made, f"hypothesis, e.g. {made!r:.300}")
            assert outcome.keeps_law

        with contextlib.suppress(AssertionError):  # it is in the ledger
            holds()

    def coverage_guided(self, count: int, corpus: Path, done: Callable[[], None]) -> None:
        """`count` inputs of libFuzzer; the process then ends without returning.

        Args:
            count: how many.
            corpus: folder of inputs that reached something new.
            done: called at the end.
        """
        import atheris

        self._warm_up()
        left = count

        def one(data: bytes) -> None:
            nonlocal left
            random = BytesRandom(data)
            subject = self._subjects[random.getrandbits(16) % len(self._subjects)]
            self._judge(subject, subject.make(random), f"atheris, bytes {data.hex():.400}")
            left -= 1
            if left % max(1, count // ROUNDS) == 0:
                self.ledger.sample_memory()
            if not left:
                done()

        corpus.mkdir(exist_ok=True)
        options = [f"-runs={count}", f"-seed={self._seed + 1}", f"-max_len={LARGEST_INPUT}"]
        options += ["-verbosity=0", "-timeout=100000", "-rss_limit_mb=0", "-len_control=20"]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus}/", str(corpus)], one)
        atheris.Fuzz()

    def _warm_up(self) -> None:
        """Load now what is loaded late: libFuzzer takes an import for the end of the process."""
        for subject in self._subjects:
            for index in range(WARM_UP):
                judged(subject, subject.make(random_of(self._seed, subject.name, index)))

    def _judge(self, subject: Subject, given: Any, source: str) -> Outcome:
        self._begun += 1
        self._watched.begins(self._begun, subject.name, subject.limit_s, given)
        outcome = judged(subject, given)
        self.ledger.add(subject.name, subject.kind, outcome, source)
        return outcome


def random_of(seed: int, subject: str, index: int) -> Random:
    """What the input of this number is drawn from."""
    return Random(f"{seed}/{subject}/{index}")


def _share(count: int, subjects: int, place: int) -> int:
    """How many of `count` the subject at `place` gets."""
    return count // subjects + (place < count % subjects)


class BytesRandom(Random):
    """Draws from bytes as they come; after the last all draws are 0."""

    def __new__(cls, data: bytes) -> BytesRandom:
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    def getrandbits(self, k: int) -> int:
        """An integer of `k` bits."""
        size = (k + 7) // 8
        taken = self._data[self._at : self._at + size].ljust(size, b"\0")
        self._at += size
        return int.from_bytes(taken, "little") & ((1 << k) - 1)

    def random(self) -> float:
        """A number in [0, 1)."""
        return self.getrandbits(32) / 2**32
