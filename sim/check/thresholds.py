"""The limits of the check, from YAML."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import SettingsError
from tactile_equiv.share import share_directory

from .criteria import CRITERIA

Thresholds = Mapping[str, float | None]
"""A limit for every criterion; None = report the number, judge nothing."""


def shipped_thresholds() -> Path:
    """`config/thresholds.yaml` of the installed package."""
    return share_directory() / "config" / "thresholds.yaml"


def load_thresholds(file: Path | None = None) -> Thresholds:
    """The shipped limits, changed by those that `file` names.

    Raises:
        SettingsError: if a file cannot be read, a key is unknown, or a limit is no number >= 0.
    """
    limits = _read(shipped_thresholds())
    missing = [criterion.name for criterion in CRITERIA if criterion.name not in limits]
    if missing:
        raise SettingsError(
            f"{shipped_thresholds()} has no limit for {', '.join(missing)}: give a number, or null"
        )
    return limits | (_read(file) if file else {})


def _read(file: Path) -> dict[str, float | None]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"thresholds {file} cannot be read: {reason}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise SettingsError(f"thresholds {file} must be lines of `name: limit`")
    return {_known(name, file): _limit(name, value, file) for name, value in values.items()}


def _known(name: Any, file: Path) -> str:
    known = [criterion.name for criterion in CRITERIA]
    if name not in known:
        nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
        raise SettingsError(
            f"threshold {name!r} in {file} is unknown: did you mean {nearest!r}? "
            f"All: {', '.join(known)}"
        )
    return str(name)


def _limit(name: Any, value: Any, file: Path) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise SettingsError(
            f"threshold {name!r} in {file} is {value!r}: use a number >= 0 (write 1.0e-6, not "
            "1e-6, which YAML reads as text), or null to judge nothing"
        )
    return float(value)
