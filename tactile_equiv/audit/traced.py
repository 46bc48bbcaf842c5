"""What the audit measures: a network that tells the output of every layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.frame import FloatArray

Kind = Literal["model", "torch", "torchscript", "onnx"]


@dataclass(frozen=True)
class LayerOutput:
    """What one layer answered to N frames.

    Attributes:
        name: path of the module or name of the ONNX node; unique within one run.
        operation: "convolution", "max_pool", "average_pool", "pad", "gelu", "add", "linear", ...;
            the same word for torch, TorchScript and ONNX.
        values: (N, C, H', W') a map, (N, F) a vector, or of any other rank; float.
        settings: what is known of kernel, stride, dilation (rows, columns), groups; padding (top,
            left, bottom, right) and padding_mode ("zero", "replicate", "reflect", "circular",
            "constant" with its value, "excluded" from a pooling window), also where a call before
            the layer pads; mode and scale of "resize". Keys that do not apply are missing.
        is_output: an output of the whole network.
    """

    name: str
    operation: str
    values: NDArray[np.floating[Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    is_output: bool = False

    @property
    def is_map(self) -> bool:
        """True for (N, C, H', W'): something that should move with the contact."""
        return self.values.ndim == 4


class Subject(Protocol):
    """A loaded network.

    Attributes:
        name: as the user named it.
        kind: how it is run.
        input_shape: (C, H, W) of the frames it is audited with.
        fixed_size: True if it takes frames of no other H and W.
    """

    name: str
    kind: Kind
    input_shape: tuple[int, int, int]
    fixed_size: bool

    def layers(self, frames: FloatArray) -> list[LayerOutput]:
        """Frames (N, C, H, W) to the outputs of all layers in order of execution.

        Those that the network answers with are marked (`is_output`), wherever they are in that
        order. Frames are run one by one: what a frame gives does not depend on its neighbours.
        Every call gives the same layers; the same frames give the same values, all finite.

        Raises:
            AuditError: if the frames do not fit, or the network fails on them, answers NaN or
                infinity, or answers with too many numbers.
        """
        ...
