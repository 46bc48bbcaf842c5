"""Readers that break the law, each in its own way; the fuzzer must find every one of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from random import Random

from fuzz.law import ViolationError
from tactile_equiv.errors import FrameError, TactileError

EVERY = 40
"""Of so many inputs one meets the fault."""
KEPT: list[bytearray] = []


class Reader:
    """Refuses half of all inputs as it should; meets a fault now and then.

    Args:
        fault: what happens then.
    """

    name, kind, limit_s = "reader", "message", 0.2

    def __init__(self, fault: Callable[[], None]) -> None:
        self._fault = fault

    def make(self, random: Random) -> bytes:
        """Four bytes."""
        return random.getrandbits(32).to_bytes(4, "little")

    def check(self, given: bytes) -> None:
        """See `fuzz.law.Subject.check`."""
        if given[0] % EVERY == 7:
            self._fault()
        if given[1] % 2:
            raise FrameError("data", f"{len(given)} bytes are too few")


def nothing() -> None:
    """No fault at all."""


def raise_key_error() -> None:
    """Another exception."""
    raise KeyError("stamp")


def die() -> None:
    """As native code does."""
    os.abort()


def compute_for_ever() -> None:
    """A loop without end."""
    while True:
        pass


def wait_for_ever() -> None:
    """A lock that is never given back: no processor time is used."""
    time.sleep(10_000)


def compute_long() -> None:
    """More processor time than is allowed."""
    end = time.process_time() + 1.5 * Reader.limit_s
    while time.process_time() < end:
        pass


def answer_wrongly() -> None:
    """An output of wrong size."""
    raise ViolationError("a frame of 3x4 has a map of 4x3")


def leak() -> None:
    """Memory that is never given back."""
    KEPT.append(bytearray(os.urandom(1024)) * 4096)


def refuse_mutely() -> None:
    """A refusal that names nothing."""
    raise TactileError("this cannot be read")


def refuse_at_length() -> None:
    """A refusal that repeats all that came."""
    raise TactileError("7 bytes too many: " + "x" * 10_000)


def sound() -> list[Reader]:
    """A reader without a fault."""
    return [Reader(nothing)]


FAULTS = {
    "raise_key_error": (raise_key_error, "crash"),
    "die": (die, "crash"),
    "compute_for_ever": (compute_for_ever, "hang"),
    "wait_for_ever": (wait_for_ever, "hang"),
    "compute_long": (compute_long, "slow"),
    "answer_wrongly": (answer_wrongly, "wrong"),
    "leak": (leak, "leak"),
    "refuse_mutely": (refuse_mutely, "refusal"),
    "refuse_at_length": (refuse_at_length, "refusal"),
}
"""Each fault, and as what it must be found."""


def broken() -> list[Reader]:
    """The reader whose fault the environment names."""
    return [Reader(FAULTS[os.environ["PLANTED_FAULT"]][0])]
