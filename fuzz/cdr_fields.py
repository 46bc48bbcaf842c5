"""Serialised messages made field by field, so that any of them can lie."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

from fuzz.mutations import TEXTS, changed, noise, pick, word

SIZES = {"B": 1, "i": 4, "I": 4, "f": 4, "d": 8}


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        kind: "B", "i", "I", "f", "d" as in `struct`; "s" a text; "n" the length of the sequence of
            messages that follows; "4[" a sequence of values of four bytes.
        value: an integer or real number; bytes of a text or of a sequence.
    """

    kind: str
    value: Any


def text(value: str) -> Field:
    """A field of text."""
    return Field("s", value.encode("utf-8", "surrogatepass"))


def array(values: Any) -> Field:
    """A field that is a numpy array (n,)."""
    return Field(f"{values.itemsize}[", values.tobytes())


def serialised(
    fields: Sequence[Field],
    big: bool = False,
    lie_at: int = -1,
    lie: int = 0,
    terminated: bool = True,
) -> bytes:
    """The message in plain CDR.

    Args:
        fields: in order.
        big: in big-endian order; sequences must hold such values already.
        lie_at: number of the field whose length is said to be `lie`.
        lie: a count of elements or characters.
        terminated: texts end with a zero byte.
    """
    order = ">" if big else "<"
    out = bytearray(b"\0\0\0\0" if big else b"\0\1\0\0")
    for number, (kind, value) in enumerate(fields):
        if kind in SIZES:
            _align(out, SIZES[kind])
            out += struct.pack(order + kind, value)
            continue
        size = int(kind[0]) if kind.endswith("[") else 1
        content = b"" if kind == "n" else value + (b"\0" * terminated if kind == "s" else b"")
        count = value if kind == "n" else len(content) // size
        _align(out, 4)
        out += struct.pack(order + "I", (lie if number == lie_at else count) & 0xFFFFFFFF)
        if content and size > 4:
            _align(out, size)
        out += content
    return bytes(out)


def hostile(random: Random, fields: list[Field]) -> bytes:
    """A message that is wrong in some way: its contents, its lengths, or its bytes."""
    way = random.randrange(8)
    if way < 3:
        for _ in range(1 + random.randrange(2)):
            at = random.randrange(len(fields))
            fields[at] = _odd(random, fields[at])
        return serialised(fields, big=random.randrange(8) == 0)
    if way == 3:
        sized = [at for at, field in enumerate(fields) if field.kind not in SIZES]
        at = pick(random, sized)
        value = fields[at].value
        natural = value if isinstance(value, int) else len(value)
        return serialised(fields, lie_at=at, lie=word(random, natural))
    if way == 4:
        return serialised(fields, terminated=False, big=random.randrange(2) == 0)
    if way == 5:
        whole = serialised(fields)
        return whole[: random.randrange(len(whole))]
    if way == 6:
        head = bytes([0, random.getrandbits(1), 0, random.getrandbits(2)])
        return head + noise(random, 200)
    return changed(random, serialised(fields, big=random.randrange(4) == 0))


def _odd(random: Random, field: Field) -> Field:
    kind, value = field
    if kind == "B":
        return Field(kind, random.getrandbits(8))
    if kind == "i":
        return Field(kind, word(random) - (1 << 31))
    if kind == "I":
        return Field(kind, word(random, value) & 0xFFFFFFFF)
    if kind in "fd":
        return Field(kind, pick(random, (0.0, -1.0, float("nan"), float("inf"), 1e38)))
    if kind == "n":
        return Field(kind, max(value + random.randrange(-2, 3), 0))
    if kind == "s":
        odd = pick(random, TEXTS).encode("utf-8", "surrogatepass")
        return Field(kind, pick(random, (odd, changed(random, value), noise(random, 40))))
    return Field(kind, _odd_array(random, value))


def _odd_array(random: Random, content: bytes) -> bytes:
    way = random.randrange(5)
    if way == 0:
        return content[: random.randrange(len(content) + 1)]
    if way == 1:
        return content + noise(random, 64)
    if way == 2:
        return b""
    if way == 3:
        pattern = pick(random, ("0000c07f", "0000807f", "000080ff", "ffff7f7f", "01000000"))
        return (bytes.fromhex(pattern) * (len(content) // 4 + 1))[: len(content)]
    return changed(random, content)


def _align(out: bytearray, size: int) -> None:
    out += bytes(-(len(out) - 4) % size)
