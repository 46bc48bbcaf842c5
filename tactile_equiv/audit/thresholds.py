"""The limits of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tactile_equiv.errors import SettingsError
from tactile_equiv.limits import checked_limits, read_limits


@dataclass(frozen=True)
class Thresholds:
    """Largest errors that pass; None = measured and told, not judged.

    Attributes:
        integer: map error under shifts by whole pixels in the middle, relative to the response.
        border: map error near the border, and phantoms at the opposite one.
        ripple: differences between cells of a map on the empty frame.
        pooled_drift: of outputs that are vectors, wherever the contact lies.
        flips: share of one-pixel steps at which another class wins, in outputs that are vectors.
        subpixel: map error under shifts by parts of a pixel.
        pooled_subpixel: drift of outputs that are vectors under parts of a pixel.
        half_flips: share of half-pixel steps at which another class wins.
        rotation: map error, and drift of vectors, under a turn by 90 degrees.
    """

    integer: float | None = 1e-5
    border: float | None = 1e-5
    ripple: float | None = 1e-5
    pooled_drift: float | None = 1e-5
    flips: float | None = 0.0
    subpixel: float | None = None
    pooled_subpixel: float | None = None
    half_flips: float | None = None
    rotation: float | None = None

    def changed(self, limits: Mapping[Any, Any], source: str = "limits") -> Thresholds:
        """With some limits replaced.

        Raises:
            SettingsError: if a name is unknown or a limit is no number from 0.
        """
        return replace(self, **checked_limits(limits, NAMES, source))

    def to_json(self) -> dict[str, float | None]:
        """The limits by name."""
        return asdict(self)


NAMES = tuple(field.name for field in fields(Thresholds))


def load_thresholds(file: Path | None, lines: Sequence[str] = ()) -> Thresholds:
    """The defaults, changed by a YAML file, then by lines `name=value` ("none" = do not judge).

    Raises:
        SettingsError: if the file cannot be read, a name is unknown or a limit is no number from 0.
    """
    limits = Thresholds()
    if file is not None:
        limits = replace(limits, **read_limits(file, NAMES))
    for line in lines:
        name, found, text = line.partition("=")
        if not found:
            raise SettingsError(f"--limit {line!r} must be name=value, such as integer=0.01")
        limits = limits.changed({name.strip(): _number(text.strip())}, "--limit")
    return limits


def _number(text: str) -> float | str | None:
    if text.lower() in ("none", "null"):
        return None
    try:
        return float(text)
    except ValueError:
        return text
