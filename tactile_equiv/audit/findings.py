"""What is found wrong: in which layer it begins, why, what later layers add, what helps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.wording import listed, percent

Outcome = Literal["failed", "told"]
Cause = Literal[
    "stride",
    "position",
    "border_inside",
    "padding",
    "circular",
    "statistics",
    "cropping",
    "flatten",
    "sampling",
    "orientation",
    "unknown",
]

REMEDIES: dict[Cause, str] = {
    "stride": "dilate instead of striding or pooling, or filter (blur) before every second pixel "
    "is dropped",
    "position": "share weights over all positions: no coordinates, no position embedding, no "
    "kernel of its own for a place",
    "border_inside": "mend the border first: so many layers carry its error to the middle",
    "padding": "let the map grow by (kernel - 1) * dilation in every layer, and keep the empty "
    "background at 0: y = phi(W * x + b) - phi(b)",
    "circular": "pad circularly only along an axis on which the skin closes on itself; grow the "
    "map with zeros along the others",
    "statistics": "normalise and gate with what does not depend on the frame (batch norm in "
    "evaluation), or grow the map so that no response is cut off",
    "cropping": "pool over a map that grows by (kernel - 1) * dilation in every layer, so that no "
    "response is cut off",
    "flatten": "pool over the whole map (sums, or averages) before the first linear layer",
    "sampling": "take a smooth activation (GELU, SiLU), and no stride or pooling",
    "orientation": "use layers that turn with the input (group convolution over C4), or train "
    "with turned contacts",
    "unknown": "compare this layer with the one before it",
}


@dataclass(frozen=True)
class Finding:
    """One property that is lost.

    Attributes:
        limit_name: a field of `Thresholds`.
        outcome: "failed" = beyond its limit; "told" = not exact, but within it or not judged.
        error: the worst of all judged layers.
        limit: what would have passed; None = not judged.
        layer: number of the layer in which it begins, from 1.
        cause: what does it.
        sentence: in words.
        remedy: what to do about it.
    """

    limit_name: str
    outcome: Outcome
    error: float
    limit: float | None
    layer: int
    cause: Cause
    sentence: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """The values by name."""
        return asdict(self)


def judged_maps(layers: Sequence[LayerMeasurement]) -> list[LayerMeasurement]:
    """Maps that move with the contact, and outputs."""
    return [
        m for m in layers if m.grid and m.answers and (m.layer.is_output or all(m.grid.follows))
    ]


def judged_vectors(layers: Sequence[LayerMeasurement]) -> list[LayerMeasurement]:
    """Outputs that are vectors."""
    return [m for m in layers if m.slides and m.layer.is_output]


def growth(
    layers: Sequence[LayerMeasurement],
    first: LayerMeasurement,
    error: Callable[[LayerMeasurement], float],
) -> str:
    """What the layers after the first add: a clause, or "" where none raises the error by 30 %."""
    raised, worst = [], error(first)
    for measured in layers:
        if measured.number > first.number and error(measured) > 1.3 * worst:
            worst = error(measured)
            raised.append(f"layer {measured.number} `{measured.layer.name}` to {percent(worst)}")
    if len(raised) > 3:
        raised = [*raised[:2], raised[-1]]
    return f"; later layers raise it: {listed(raised)}" if raised else ""
