"""A network that runs frame by frame and tells every step, as the audit wants it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit import steps as limits
from tactile_equiv.audit.folding import fold
from tactile_equiv.audit.steps import Run, Step
from tactile_equiv.audit.traced import Kind, LayerOutput
from tactile_equiv.errors import AuditError
from tactile_equiv.frame import FloatArray

REPEATABLE = 1e-5
"""Largest relative difference between two runs on one frame that is put down to rounding."""

LARGER = 32
"""Pixels by which a frame is enlarged to see whether a network takes frames of any size: a
multiple of every usual total stride."""


class TracedNetwork:
    """A `Subject`: steps of `run`, folded to layers once, when the network is tried.

    Raises:
        AuditError: if the network fails on a frame, is random, or takes another path or another
            size for another content; if it answers NaN, infinity, or too much.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        input_shape: tuple[int, int, int],
        run: Run,
        fixed_size: bool = False,
    ) -> None:
        self.name, self.kind, self.input_shape = name, kind, input_shape
        self.fixed_size = fixed_size
        self._run = run
        if min(input_shape) < 1 or math.prod(input_shape) > limits.ELEMENT_LIMIT:
            raise AuditError(
                f"frames of {'x'.join(map(str, input_shape))} cannot be made: give channels, rows "
                f"and columns from 1, together at most {limits.ELEMENT_LIMIT:.1e} numbers"
            )
        probe = np.random.default_rng(0).uniform(0, 1, (1, *input_shape)).astype(np.float32)
        steps = run(probe)
        self._require_repeatable(steps, run(probe))
        self._path = [step.call for step in steps]
        self._layers = fold(steps)
        self.layers(np.concatenate([probe, 0 * probe]))
        self.fixed_size = fixed_size or not self._takes_larger_frames()

    def layers(self, frames: FloatArray) -> list[LayerOutput]:
        """See `Subject.layers`."""
        self._require_frames(frames)
        given = frames.astype(np.float32, copy=False)
        runs = [self._values(given[:1])]
        self._require_size(len(given) * sum(values.size for values in runs[0]))
        runs += [self._values(frame[None]) for frame in given[1:]]
        return [
            LayerOutput(layer.name, layer.operation, values, layer.settings, layer.is_output)
            for layer, values in zip(self._layers, self._stacked(runs), strict=True)
        ]

    def _values(self, frame: FloatArray) -> list[NDArray[Any]]:
        steps = self._run(frame)
        if [step.call for step in steps] != self._path:
            raise AuditError(
                f"{self.name} takes another path through its layers for another content: layers "
                "cannot be compared; give a network without branches that depend on the frame"
            )
        values = [as_map(steps[layer.index].values, frame.shape) for layer in self._layers]
        for layer, part in zip(self._layers, values, strict=True):
            if not np.isfinite(part).all():
                seen = "a frame" if frame.any() else "an empty frame"
                raise AuditError(
                    f"{self.name} answers NaN or infinity to {seen}, first in layer {layer.name} "
                    f"({layer.operation}): nothing can be measured; look for a division by 0, or "
                    "for weights that are not finite"
                )
        return values

    def _stacked(self, runs: list[list[NDArray[Any]]]) -> list[NDArray[Any]]:
        stacked = []
        for layer, *parts in zip(self._layers, *runs, strict=True):
            shapes = {part.shape[1:] for part in parts}
            if len(shapes) > 1:
                raise AuditError(
                    f"{self.name}: the size of layer {layer.name} ({layer.operation}) depends on "
                    f"the content of the frame ({', '.join(map(str, sorted(shapes)))}): give a "
                    "network whose answer has one size for one size of frame"
                )
            stacked.append(np.concatenate(parts))
        return stacked

    def _require_frames(self, frames: FloatArray) -> None:
        channels, height, width = self.input_shape
        fits = frames.ndim == 4 and len(frames) and frames.shape[1] == channels
        if not fits or (self.fixed_size and frames.shape[2:] != (height, width)):
            raise AuditError(
                f"{self.name} is given frames of shape {frames.shape}: it takes "
                f"(N, {channels}, {height}, {width})"
            )

    def _require_size(self, elements: int) -> None:
        if elements > limits.ELEMENT_LIMIT:
            raise AuditError(
                f"{self.name} answers these frames with {elements:.1e} numbers: at most "
                f"{limits.ELEMENT_LIMIT:.1e} are kept at once; audit it with smaller frames "
                "(--input CxHxW)"
            )

    def _require_repeatable(self, first: list[Step], second: list[Step]) -> None:
        for one, other in zip(first, second, strict=False):
            if one.call != other.call or not _alike(one.values, other.values):
                raise AuditError(
                    f"{self.name} answers the same frame twice with different numbers, first in "
                    f"{one.name} ({one.operation}): switch dropout and other randomness off, and "
                    "keep no state between frames"
                )

    def _takes_larger_frames(self) -> bool:
        channels, height, width = self.input_shape
        try:
            self.layers(np.ones((1, channels, height + LARGER, width + LARGER), np.float32))
        except AuditError:
            return False
        return True


def _alike(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """True where two arrays agree up to rounding; a NaN agrees with a NaN."""
    if one.shape != other.shape:
        return False
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=0.0))
    return bool(np.allclose(one, other, REPEATABLE, REPEATABLE * scale, equal_nan=True))


def as_map(values: NDArray[Any], frame: tuple[int, ...]) -> NDArray[Any]:
    """A leading axis of 1; a map (1, H, W) of the size of the frame becomes (1, 1, H, W)."""
    batched = values if values.ndim and values.shape[0] == 1 else values[None]
    if batched.ndim == 1:
        return batched[:, None]
    return batched[:, None] if batched.ndim == 3 and batched.shape[1:] == frame[2:] else batched
