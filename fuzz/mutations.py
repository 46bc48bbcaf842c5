"""Changes of bytes, and values that programs are seldom written for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")

WORDS = (
    *(0, 1, 2, 3, 4, 7, 8, 15, 16, 255, 256, 4095, 4096, 65535, 65536, 10**6, 1 << 24),
    *((1 << 30) - 1, 1 << 30, (1 << 31) - 1, 1 << 31, (1 << 32) - 4, (1 << 32) - 1),
)
"""Unsigned integers of 32 bits."""

NUMBERS = (
    *(0, -1, 1, 2, 1000, 10**9, 2**31, 2**63, -(2**63), 2**64, 10**30, -(10**400)),
    *(0.0, -0.0, 1e-320, 1e-7, 0.5, 1e12, 1.0e308, float("inf"), float("-inf"), float("nan")),
)

TEXTS = (
    *("", " ", "\n", "\0", "a" * 300, "x" * 70_000, "%s%n{0}{x!r:}", "'", '"', "${HOME}", "$(id)"),
    *("../../etc/passwd", "/dev/zero", "/", ".", "~", "-1", "1e999", "nan", "null", "true", "[]"),
    *("\ud800", "\u202e", "ä\u0308ﬀ", "🤖" * 50, "a.b[0].c[]", "a[99999999999999999999]", "x[-1]"),
)


def pick(random: Random, choices: Sequence[T]) -> T:
    """One of them."""
    return choices[random.randrange(len(choices))]


def word(random: Random, natural: int = 0) -> int:
    """An unsigned integer of 32 bits; often near what belongs there."""
    kind = random.randrange(4)
    if kind == 0:
        return max(natural + random.randrange(-9, 10), 0)
    if kind == 1:
        return (natural * pick(random, (2, 4, 256, 65537))) & 0xFFFFFFFF
    if kind == 2:
        return pick(random, WORDS)
    return random.getrandbits(32)


def noise(random: Random, most: int) -> bytes:
    """Up to `most` bytes, sometimes all the same."""
    length = random.randrange(most + 1)
    if random.randrange(3) == 0:
        return bytes([random.getrandbits(8)]) * length
    return random.getrandbits(8 * length).to_bytes(length, "little") if length else b""


def changed(random: Random, content: bytes) -> bytes:
    """Bytes with a few changes."""
    data = bytearray(content)
    for _ in range(1 + random.randrange(4)):
        pick(random, CHANGES)(random, data)
    return bytes(data)


def _place(random: Random, data: bytearray) -> int:
    """Headers come first and matter most: half of all changes are among the first 128 bytes."""
    near = random.randrange(2) == 0
    return random.randrange(min(len(data), 128) if near else len(data)) if data else 0


def _flip(random: Random, data: bytearray) -> None:
    if data:
        data[_place(random, data)] ^= 1 << random.randrange(8)


def _overwrite(random: Random, data: bytearray) -> None:
    new = noise(random, 8)
    at = _place(random, data)
    data[at : at + len(new)] = new


def _overwrite_word(random: Random, data: bytearray) -> None:
    at = _place(random, data) & ~3
    order = pick(random, ("<I", ">I"))
    data[at : at + 4] = struct.pack(order, pick(random, WORDS))


def _insert(random: Random, data: bytearray) -> None:
    at = _place(random, data)
    data[at:at] = noise(random, 16)


def _remove(random: Random, data: bytearray) -> None:
    at = _place(random, data)
    del data[at : at + 1 + random.randrange(16)]


def _cut(random: Random, data: bytearray) -> None:
    del data[_place(random, data) :]


def _append(random: Random, data: bytearray) -> None:
    data += noise(random, 64)


def _repeat(random: Random, data: bytearray) -> None:
    at = _place(random, data)
    data[at:at] = data[at : at + 1 + random.randrange(64)]


def _move(random: Random, data: bytearray) -> None:
    part, at = _place(random, data), _place(random, data)
    moved = bytes(data[part : part + 32])
    data[at : at + len(moved)] = moved


CHANGES: tuple[Callable[[Random, bytearray], None], ...] = (
    *(_flip, _overwrite, _overwrite_word, _insert, _remove, _cut, _append, _repeat, _move),
)


def odd_value(random: Random, depth: int = 0) -> Any:
    """A value of any type that JSON or YAML knows."""
    kind = random.randrange(9 if depth < 3 else 5)
    if kind < 2:
        return pick(random, NUMBERS)
    if kind < 4:
        return pick(random, TEXTS)
    if kind == 4:
        return pick(random, (None, True, False))
    if kind == 5:
        return {pick(random, TEXTS): odd_value(random, depth + 1) for _ in range(3)}
    if kind == 6:
        return [odd_value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind == 7:
        return [odd_value(random, 3)] * pick(random, (1, 2, 100, 5000))
    return random.randrange(-100, 100)


def edited(random: Random, values: Any) -> Any:
    """A copy of nested lists and mappings with one to three changes somewhere in it."""
    for _ in range(1 + random.randrange(3)):
        values = _edited_once(random, values)
    return values


def _edited_once(random: Random, values: Any) -> Any:
    if isinstance(values, dict) and values and random.randrange(6):
        key = pick(random, list(values))
        return _with_entry(random, values, key)
    if isinstance(values, list) and values and random.randrange(6):
        at = random.randrange(len(values))
        kind = random.randrange(6)
        if kind == 0:
            return [*values[:at], *values[at + 1 :]]
        if kind == 1:
            return values * pick(random, (2, 3, 50))
        return [*values[:at], _edited_once(random, values[at]), *values[at + 1 :]]
    if isinstance(values, (int, float)) and not isinstance(values, bool) and random.randrange(2):
        factor = pick(random, (-1, 0, 0.5, 2, 10, 1000, 1e6))
        return type(values)(values * factor) if abs(values) < 1e300 else values
    return odd_value(random)


def _with_entry(random: Random, values: dict[Any, Any], key: Any) -> dict[Any, Any]:
    """One entry removed, renamed, added or changed; mostly changed."""
    kind = random.randrange(8)
    if kind == 0:
        return {k: v for k, v in values.items() if k != key}
    if kind == 1:
        return {(pick(random, TEXTS) if k == key else k): v for k, v in values.items()}
    if kind == 2:
        return {**values, pick(random, (*TEXTS, 3, None, 2.5, True)): odd_value(random)}
    return {**values, key: _edited_once(random, values[key])}
