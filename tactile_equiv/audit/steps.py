"""What a run of a network tells, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray

ELEMENT_LIMIT = 2**27
"""Numbers of all layers for one frame, and for all frames of one call: 0.5 GB as float32."""


@dataclass
class Step:
    """One operation that a network ran on something that depends on the frame.

    Attributes:
        name: where in the network.
        operation: a word of `LayerOutput.operation`; "view" where numbers are only rearranged,
            "output" for what the network answers.
        call: what was called, the same for every frame.
        sources: which tensors went in.
        result: which tensor came out.
        values: that tensor, with a leading 1 for the one frame.
        settings: see `LayerOutput`.
    """

    name: str
    operation: str
    call: str
    sources: tuple[Hashable, ...]
    result: Hashable
    values: NDArray[Any]
    settings: dict[str, Any] = field(default_factory=dict)
    is_output: bool = False


Run = Callable[[FloatArray], list[Step]]
"""One frame (1, C, H, W) to every step, the outputs of the network last."""


@dataclass(frozen=True)
class Layer:
    """A step that a person calls a layer.

    Attributes:
        index: of the step among all steps of a run.
    """

    index: int
    name: str
    operation: str
    settings: dict[str, Any]
    is_output: bool
