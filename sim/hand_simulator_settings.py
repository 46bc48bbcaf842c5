"""Parameters of the node that simulates a hand, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

from tactile_equiv.parameter_set import START, ParameterSet, parameter


@dataclass(frozen=True)
class HandSimulatorSettings(ParameterSet):
    """All parameters of `tactile_hand_simulator`; they take effect when it starts.

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    hand: str = parameter(
        "simulated", "hand: a YAML file, or the name of a shipped one", effect=START
    )
    script: str = parameter(
        "hand",
        "taxels, cover and objects: a shift script, or the name of a shipped one",
        effect=START,
    )
    rate_hz: float = parameter(
        25.0, "frames of every patch a second", unit="Hz", effect=START, minimum=0.1, maximum=1000.0
    )
    seed: int = parameter(0, "of the presses", effect=START, minimum=0, maximum=2**31)
