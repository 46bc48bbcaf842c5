"""Frozen dataclasses read from YAML: every value is checked, unknown keys name the nearest one."""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tactile_equiv.errors import SettingsError

T = TypeVar("T")


def option(
    default: Any = dataclasses.MISSING,
    *,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    above: float = -math.inf,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field whose value lies in minimum .. maximum, above `above` or in `choices`."""
    limits = {"minimum": minimum, "maximum": maximum, "above": above, "choices": choices}
    return dataclasses.field(default=default, metadata=limits)


def check(instance: Any) -> None:
    """Check all values of a dataclass instance; to be called in its `__post_init__`.

    Raises:
        SettingsError: if a value is of the wrong type, not finite or out of range.
    """
    kinds = _type_hints(type(instance))
    for declared in dataclasses.fields(instance):
        value = getattr(instance, declared.name)
        what = f"{declared.name} of {type(instance).__name__}"
        _check_value(what, value, kinds[declared.name], declared.metadata)


_KINDS: dict[type, dict[str, Any]] = {}


def _type_hints(kind: type) -> dict[str, Any]:
    if kind not in _KINDS:
        _KINDS[kind] = typing.get_type_hints(kind)
    return _KINDS[kind]


def _check_value(what: str, value: Any, kind: Any, limits: Mapping[str, Any]) -> None:
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        if value is None:
            return
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    if typing.get_origin(kind) is tuple:
        parts = typing.get_args(kind)
        if not isinstance(value, tuple) or len(value) != len(parts):
            raise SettingsError(f"{what} is {value!r:.60}: give {len(parts)} values in a list")
        for part, inner in zip(value, parts, strict=True):
            _check_value(what, part, inner, limits)
        return
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise SettingsError(f"{what} is {value!r:.60}: it must be {_spoken(kind)}")
    if limits and kind in (int, float):
        _check_range(what, value, limits)
    if limits and limits["choices"] and value not in limits["choices"]:
        raise SettingsError(f"{what} is {value!r:.60}: use one of {', '.join(limits['choices'])}")


def _check_range(what: str, value: float, limits: Mapping[str, Any]) -> None:
    finite = isinstance(value, int) or math.isfinite(value)
    if not (finite and limits["minimum"] <= value <= limits["maximum"] and value > limits["above"]):
        lower = f"above {limits['above']:g}"
        if limits["above"] < limits["minimum"]:
            lower = f"at least {limits['minimum']:g}"
        upper = f", at most {limits['maximum']:g}" if limits["maximum"] < math.inf else ""
        raise SettingsError(f"{what} is {value!r:.60}: it must be a number {lower}{upper}")


def _spoken(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(kind, f"a {kind.__name__}")


def read(kind: type[T], values: Any, what: str) -> T:
    """An instance of a dataclass from a mapping as YAML gives it; lists become tuples.

    Raises:
        SettingsError: if a key is unknown or missing, or a value is refused; names `what`.
    """
    declared = [field for field in dataclasses.fields(kind) if field.init]  # type: ignore[arg-type]
    check_keys(values, [field.name for field in declared], what)
    for field in declared:
        if field.default is dataclasses.MISSING and field.name not in values:
            raise SettingsError(f"{what} lacks the key {field.name!r}: add it")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    except SettingsError as error:
        raise SettingsError(f"{what}: {error}") from error


def check_keys(values: Any, known: Iterable[str], what: str) -> None:
    """Refuse what is no mapping, and keys that are not known.

    Raises:
        SettingsError: names the first unknown key and the nearest right one.
    """
    if not isinstance(values, Mapping):
        raise SettingsError(f"{what} is {values!r:.60}: it must be a list of 'key: value' pairs")
    for key in values:
        check_name(key, known, f"key of {what}")


def check_name(name: Any, known: Iterable[str], what: str) -> None:
    """Refuse a name that is not known.

    Raises:
        SettingsError: names the nearest right one, and all of them.
    """
    names = list(known)
    if name not in names:
        nearest = difflib.get_close_matches(str(name), names, n=1, cutoff=0.0)
        raise SettingsError(
            f"{what} is {name!r:.60}, which is unknown: did you mean {nearest[0]!r}? "
            f"All: {', '.join(names)}"
        )
