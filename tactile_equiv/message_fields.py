"""Values of any message, by the path of a field such as `sensors[0].taxels[].z`.

Messages are objects with attributes: those of rclpy and those that rosbags reads from a bag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import FrameError, SettingsError

NUMBERS = (
    *("boolean", "float", "double", "uint8", "uint16", "uint32", "uint64"),
    *("int8", "int16", "int32", "int64"),
)
"""Types of a field, in rclpy's words, that are values of a taxel."""

STEP = re.compile(r"([A-Za-z]\w*)(?:\[(\d*)\])?")
ARRAY = re.compile(r"sequence<(?P<of>.+?)(?:, (?P<bound>\d+))?>|(?P<item>.+)\[(?P<size>\d+)\]")
ALL = -1

FieldsOf = Callable[[str], Mapping[str, str]]
"""Name of a message type to its fields and their types, as rclpy writes both."""


class Step(NamedTuple):
    """One part of a path: a field, and which of its elements (`ALL`, a number, None = itself)."""

    name: str
    element: int | None

    def __str__(self) -> str:
        if self.element is None:
            return self.name
        return f"{self.name}[{'' if self.element == ALL else self.element}]"


@dataclass(frozen=True)
class FieldPath:
    """Where a message keeps its values.

    Attributes:
        text: names joined by dots, each with `[]` (all elements) or `[2]` (one) where it is an
            array.
        steps: the same, taken apart.
    """

    text: str
    steps: tuple[Step, ...]

    @staticmethod
    def of(text: str) -> FieldPath:
        """Take a path apart.

        Raises:
            SettingsError: if it is no path.
        """
        parts = [STEP.fullmatch(part) for part in text.split(".")]
        steps = [Step(part[1], _index(part[2])) for part in parts if part]
        if len(steps) < len(parts):
            raise SettingsError(
                f"input_field leads to {text!r}: write names joined by dots, each with [] for all "
                "elements or [2] for one, such as sensors[0].taxels[].z"
            )
        return FieldPath(text, tuple(steps))

    def check(self, message_type: str, fields_of: FieldsOf) -> None:
        """See that messages of a type "package/Type" have numbers at this path.

        Raises:
            SettingsError: if a field is missing, is no array, has fewer elements, or no numbers.
        """
        kind = message_type
        for step in self.steps[:-1]:
            kind = self._element(kind, step, fields_of)
            if "/" not in kind:
                raise self._wrong(f"{step} is {kind}, which has no fields")
        last = self.steps[-1]
        kind = self._element(kind, last, fields_of, is_last=True)
        if kind not in NUMBERS:
            inside = f" with the fields {', '.join(fields_of(kind))}" if "/" in kind else ""
            raise self._wrong(f"{last} is {kind}{inside}, not numbers")

    def values(self, message: Any) -> NDArray[Any]:
        """The values of one message in the order of its arrays, (n,), of the field's type.

        Raises:
            FrameError: if an element is missing, arrays within arrays differ in length, or there
                are no numbers.
        """
        try:
            values = _flat(_read(message, self.steps))
        except (AttributeError, TypeError, IndexError) as error:
            raise FrameError("field", f"message has no {self.text} ({error})") from error
        except ValueError as error:
            raise FrameError("field", f"{self.text} is ragged: {error}") from error
        if values.dtype.kind not in "buif":
            raise FrameError("field", f"{self.text} has type {values.dtype}: use numbers")
        return values

    def _element(self, kind: str, step: Step, fields_of: FieldsOf, is_last: bool = False) -> str:
        """Type of what a step leads to, from a message of the type `kind`."""
        fields = fields_of(kind)
        if step.name not in fields:
            raise self._wrong(f"{kind} has no field {step.name}, but {', '.join(fields)}")
        declared = fields[step.name]
        array = ARRAY.fullmatch(declared)
        if array is None:
            if step.element is not None:
                raise self._wrong(f"{step.name} is {declared}, no array: leave out the brackets")
            return declared
        longest = array["bound"] or array["size"]
        if longest and (step.element or 0) >= int(longest):
            raise self._wrong(f"{step.name} has {longest} elements, the first is {step.name}[0]")
        if step.element is None and not is_last:
            raise self._wrong(f"{step.name} is an array: write {step.name}[] or {step.name}[0]")
        return array["of"] or array["item"]

    def _wrong(self, what: str) -> SettingsError:
        return SettingsError(f"input_field leads to {self.text!r}: {what}")


def field_paths(input_field: str, component: str) -> tuple[FieldPath, ...]:
    """The path of each channel: `input_field`, followed by each of the names in `component`.

    Raises:
        SettingsError: if one of them is no path.
    """
    if not component:
        return (FieldPath.of(input_field),)
    return tuple(FieldPath.of(f"{input_field}.{name.strip()}") for name in component.split(","))


def channel_values(paths: Sequence[FieldPath], message: Any) -> NDArray[Any]:
    """Values (n,) at one path, or (n, C) at C paths.

    Raises:
        FrameError: if a path has no values, or one has more than another.
    """
    if len(paths) == 1:
        return paths[0].values(message)
    channels = [path.values(message) for path in paths]
    if len({len(values) for values in channels}) > 1:
        counts = ", ".join(f"{p.text} {len(v)}" for p, v in zip(paths, channels, strict=True))
        raise FrameError("field", f"channels have different numbers of values: {counts}")
    return np.stack(channels, axis=1)


def _index(brackets: str | None) -> int | None:
    if brackets is None:
        return None
    return int(brackets) if brackets else ALL


def _read(thing: Any, steps: tuple[Step, ...]) -> Any:
    """What stands at the end of the path: numbers, a sequence of them, or lists of these."""
    for number, step in enumerate(steps, start=1):
        thing = getattr(thing, step.name)
        if step.element is None:
            continue
        if step.element != ALL:
            if step.element >= len(thing):
                raise IndexError(f"{step.name} has {len(thing)} elements")
            thing = thing[step.element]
        elif rest := steps[number:]:
            if len(rest) == 1 and rest[0].element is None:
                return list(map(attrgetter(rest[0].name), thing))
            return [_read(element, rest) for element in thing]
    return thing


def _flat(found: Any) -> NDArray[Any]:
    """Numbers, or sequences of sequences of equal length, as (n,)."""
    if not isinstance(found, list) or not found or isinstance(found[0], (int, float)):
        return np.asarray(found).ravel()
    parts = [_flat(part) for part in found]
    lengths = sorted({len(part) for part in parts})
    if len(lengths) > 1:
        raise ValueError(f"its arrays hold {', '.join(map(str, lengths))} values")
    return np.concatenate(parts)
