"""Limits of measured errors, read from YAML: a number from 0, or null to judge nothing."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tactile_equiv.errors import SettingsError
from tactile_equiv.yaml_files import read_yaml

LARGEST = 1e300


def read_limits(file: Path, known: Collection[str]) -> dict[str, float | None]:
    """The limits that a YAML file of lines `name: limit` gives.

    Raises:
        SettingsError: if the file cannot be read, or see `checked_limits`.
    """
    values = read_yaml(file, "thresholds")
    if not isinstance(values, dict | None):
        raise SettingsError(f"thresholds {file} must be lines of `name: limit`")
    return checked_limits(values or {}, known, str(file))


def checked_limits(
    limits: Mapping[Any, Any], known: Collection[str], source: str
) -> dict[str, float | None]:
    """Limits by name, as numbers.

    Args:
        limits: by name.
        known: names that there are.
        source: where the limits come from, for the message.

    Raises:
        SettingsError: if a name is unknown or a limit is no number from 0.
    """
    return {_known(name, known, source): _limit(name, limits[name], source) for name in limits}


def _known(name: Any, known: Collection[str], source: str) -> str:
    if name not in known:
        nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
        raise SettingsError(
            f"threshold {name!r:.60} in {source} is unknown: did you mean {nearest!r}? "
            f"All: {', '.join(known)}"
        )
    return str(name)


def _limit(name: Any, value: Any, source: str) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not 0 <= value < LARGEST:
        raise SettingsError(
            f"threshold {name!r} in {source} is {value!r:.60}: use a number >= 0 (in YAML write "
            "1.0e-6, not 1e-6, which it reads as text), or null to judge nothing"
        )
    return float(value)
