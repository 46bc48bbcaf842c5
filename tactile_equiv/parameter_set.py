"""Parameters of a node as a frozen dataclass: each is declared once, and checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, TypeVar

from tactile_equiv.errors import SettingsError

CONFIGURE, START = "configure", "start"
Parameters = TypeVar("Parameters", bound="ParameterSet")


def parameter(
    default: Any,
    description: str,
    *,
    unit: str = "",
    effect: str = CONFIGURE,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field of a `ParameterSet`; its metadata holds all arguments but the default.

    Args:
        default: its type is the parameter's.
        description: one line.
        unit: of a number.
        effect: when a change takes effect; "configure" = when the node starts to work, "start" =
            when its process starts.
        choices, minimum, maximum: what is accepted; both ends of a range, or neither.
    """
    metadata = {
        "description": description,
        "unit": unit,
        "effect": effect,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ParameterSet:
    """Base of all parameter dataclasses.

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    def __post_init__(self) -> None:
        for declared in fields(self):
            _check(declared, getattr(self, declared.name))

    def changed(self: Parameters, values: Mapping[str, Any]) -> Parameters:
        """A copy with other values.

        Raises:
            SettingsError: if a name is unknown, or a value is of the wrong type or out of range.
        """
        self.check_names(values)
        return replace(self, **values)

    @classmethod
    def check_names(cls, names: Iterable[str]) -> None:
        """Refuse names that are no parameter.

        Raises:
            SettingsError: names the first unknown one and the nearest right one.
        """
        known = [declared.name for declared in fields(cls)]
        for name in names:
            if name not in known:
                nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
                raise SettingsError(
                    f"parameter {name!r:.60} is unknown: did you mean {nearest!r}? "
                    f"All: {', '.join(known)}"
                )


def _check(declared: Field[Any], value: Any) -> None:
    name, metadata = declared.name, declared.metadata
    expected = type(declared.default)
    if type(value) is not expected:
        raise SettingsError(
            f"parameter {name!r} is {value!r:.60} of type {type(value).__name__}: it must be "
            f"{expected.__name__}, such as {declared.default!r}"
        )
    choices, minimum, maximum = metadata["choices"], metadata["minimum"], metadata["maximum"]
    if choices and value not in choices:
        raise SettingsError(f"parameter {name!r} is {value!r:.60}: use one of {', '.join(choices)}")
    if minimum is not None and not minimum <= value <= maximum:
        raise SettingsError(
            f"parameter {name!r} is {value!r}: it must lie in {minimum} .. {maximum}"
        )
