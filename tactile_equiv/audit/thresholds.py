"""The limits of the audit."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import AuditError


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
            AuditError: if a name is unknown or a limit is no number from 0.
        """
        return replace(self, **{_known(k, source): _limit(k, v, source) for k, v in limits.items()})

    def to_json(self) -> dict[str, float | None]:
        """The limits by name."""
        return asdict(self)


def load_thresholds(file: Path | None, lines: Sequence[str] = ()) -> Thresholds:
    """The defaults, changed by a YAML file, then by lines `name=value` ("none" = do not judge).

    Raises:
        AuditError: if the file cannot be read, a name is unknown or a limit is no number from 0.
    """
    limits = Thresholds()
    if file is not None:
        limits = limits.changed(_read(file), str(file))
    for line in lines:
        name, found, text = line.partition("=")
        if not found:
            raise AuditError(f"--limit {line!r} must be name=value, such as integer=0.01")
        limits = limits.changed({name.strip(): _number(text.strip())}, "--limit")
    return limits


def _read(file: Path) -> Mapping[Any, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise AuditError(f"thresholds {file} cannot be read: {reason}") from error
    if not isinstance(values, dict | None):
        raise AuditError(f"thresholds {file} must be lines of `name: limit`")
    return values or {}


def _number(text: str) -> float | str | None:
    if text.lower() in ("none", "null"):
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _known(name: Any, source: str) -> str:
    known = [field.name for field in fields(Thresholds)]
    if name not in known:
        nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
        raise AuditError(
            f"limit {name!r} in {source} is unknown: did you mean {nearest!r}? "
            f"All: {', '.join(known)}"
        )
    return str(name)


def _limit(name: Any, value: Any, source: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e300:
        raise AuditError(
            f"limit {name!r} in {source} is {value!r}: use a number from 0 (in YAML write 1.0e-6, "
            "not 1e-6, which it reads as text), or none to judge nothing"
        )
    return float(value)
