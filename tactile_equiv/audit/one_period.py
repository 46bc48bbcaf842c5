"""Maps of a network that sees a skin round a finger continued on both sides: one round counts."""

from __future__ import annotations

from dataclasses import replace

from tactile_equiv.audit.traced import Kind, LayerOutput, Subject
from tactile_equiv.frame import FloatArray


class OnePeriod:
    """A `Subject` whose maps may be longer than the frame along an axis; the middle of them counts.

    A network that wraps continues its frames or maps by padding. What it makes of one round is then
    in the middle; of a network that pads otherwise the middle is wrong at the seam.

    Args:
        subject: as many cells of its maps lie beyond one end of the axis as beyond the other.
        axis: of (H, W) that wraps.
        cell_is_pixel: every longer map is cut; otherwise those are kept that have at least two
            cells for each pixel.
    """

    kind: Kind

    def __init__(self, subject: Subject, axis: int, cell_is_pixel: bool = False) -> None:
        self._subject, self._axis, self._cell_is_pixel = subject, axis, cell_is_pixel
        self.name, self.kind = subject.name, subject.kind
        self.input_shape, self.fixed_size = subject.input_shape, subject.fixed_size

    def layers(self, frames: FloatArray) -> list[LayerOutput]:
        """See `Subject.layers`."""
        lines = frames.shape[2 + self._axis]
        return [self._cut(output, lines) for output in self._subject.layers(frames)]

    def _cut(self, output: LayerOutput, lines: int) -> LayerOutput:
        cells = output.values.shape[2 + self._axis] if output.is_map else 0
        if cells <= lines or (cells >= 2 * lines and not self._cell_is_pixel):
            return output
        first = (cells - lines) // 2
        period = slice(first, first + lines)
        values = output.values[:, :, period] if self._axis == 0 else output.values[..., period]
        return replace(output, values=values)
