"""Parameters of the node of a hand: those of the perception node, and which hand it is."""

from __future__ import annotations

from dataclasses import dataclass

from tactile_equiv.parameter_set import parameter
from tactile_equiv.settings import Settings


@dataclass(frozen=True)
class HandSettings(Settings):
    """All parameters of the node of a hand; those of the input hold for every patch that says no
    other.

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    hand: str = parameter(
        "", "patches of the hand: a YAML file, or the name of a shipped hand (docs/hand.md)"
    )
    max_patch_age_s: float = parameter(
        0.2,
        "a patch without a frame for so long is not waited for, and its last one does not count in "
        "the texture of the hand",
        unit="seconds",
        minimum=0.001,
        maximum=60.0,
    )
