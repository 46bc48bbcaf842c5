"""The limits of the check, from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tactile_equiv.errors import SettingsError
from tactile_equiv.limits import read_limits
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
    known = [criterion.name for criterion in CRITERIA]
    limits = read_limits(shipped_thresholds(), known)
    missing = [name for name in known if name not in limits]
    if missing:
        raise SettingsError(
            f"{shipped_thresholds()} has no limit for {', '.join(missing)}: give a number, or null"
        )
    return limits | (read_limits(file, known) if file else {})
