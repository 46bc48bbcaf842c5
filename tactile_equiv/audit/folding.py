"""Fold the steps of a run into what a person calls layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.steps import Layer, Step

PADDED = {"convolution", "max_pool", "average_pool"}
CUTS = {"crop", "subsample"}
WRAPPINGS = {"circular": "wrap", "replicate": "edge"}


class Folding:
    """What has been seen of a run so far: steps by the tensor they made, and which are layers."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.uses = Counter(source for step in steps for source in step.sources)
        self.made: dict[Hashable, Step] = {}
        self.kept: dict[int, Step] = {}

    def maker(self, tensor: Hashable, *operations: str) -> Step | None:
        """The step that made a tensor, if it is one of these operations."""
        step = self.made.get(tensor)
        return step if step is not None and step.operation in operations else None

    def drop(self, step: Step) -> None:
        """Take a step off the layers, where nothing else reads what it made."""
        if self.uses[step.result] == 1:
            self.kept = {index: kept for index, kept in self.kept.items() if kept is not step}


def fold(steps: Sequence[Step]) -> list[Layer]:
    """Steps of one run on a random frame to layers, in order.

    A padding read by a convolution or a pooling becomes a setting of it; opposite ends of a map
    laid beside it are a circular padding; two cuts in a row are one; x * sigmoid(x) is SiLU; an
    output that repeats a layer marks that layer.
    """
    folding = Folding(steps)
    for index, step in enumerate(steps):
        if step.operation == "output":
            _mark_output(folding, index, step)
            continue
        folded = _folded(folding, step)
        folding.made[step.result] = folded
        if folded.operation != "view" and folded.values.shape[:1] == (1,):
            folding.kept[index] = folded
    names: Counter[str] = Counter()
    return [_layer(index, step, names) for index, step in sorted(folding.kept.items())]


def _layer(index: int, step: Step, names: Counter[str]) -> Layer:
    names[step.name] += 1
    name = step.name if names[step.name] == 1 else f"{step.name}#{names[step.name]}"
    return Layer(index, name, step.operation, step.settings, step.is_output)


def _mark_output(folding: Folding, index: int, output: Step) -> None:
    latest = reversed(list(folding.kept.values()))
    for step in sorted(latest, key=lambda step: step.result not in output.sources):
        if not step.is_output and _same_numbers(step.values, output.values):
            step.is_output = True
            unsaid = {"output", *(other.name for other in folding.kept.values())}
            if step.name == step.operation and output.name not in unsaid:
                step.name = output.name  # says more than the call of a function
            return
    folding.kept[index] = replace(output, is_output=True)


def _same_numbers(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """True for equal arrays, axes of length 1 and rounding to another precision aside."""
    return np.array_equal(one.squeeze().astype(other.dtype), other.squeeze())


def _folded(folding: Folding, step: Step) -> Step:
    if step.operation == "concatenate":
        return _wrapped(folding, step)
    if step.operation in PADDED:
        return _with_padding(folding, step)
    if step.operation in CUTS:
        return _with_cut(folding, step)
    if step.operation == "multiply":
        return _silu(folding, step)
    return step


def _with_padding(folding: Folding, step: Step) -> Step:
    pad = folding.maker(step.sources[0], "pad")
    if pad is None or "padding" not in pad.settings or any(step.settings.get("padding", ())):
        return step
    folding.drop(pad)
    return replace(step, settings=step.settings | pad.settings)


def _with_cut(folding: Folding, step: Step) -> Step:
    before = folding.maker(step.sources[0], *CUTS)
    if before is None or folding.uses[before.result] > 1:
        return step
    folding.drop(before)
    strides = (part.settings.get("stride", (1, 1)) for part in (before, step))
    stride = tuple(int(a * b) for a, b in zip(*strides, strict=True))
    operation, settings = ("subsample", {"stride": stride}) if stride != (1, 1) else ("crop", {})
    return replace(step, operation=operation, settings=settings)


def _silu(folding: Folding, step: Step) -> Step:
    for gate, value in (step.sources, step.sources[::-1]) if len(step.sources) == 2 else ():
        sigmoid = folding.maker(gate, "sigmoid")
        if sigmoid is not None and sigmoid.sources[0] == value:
            folding.drop(sigmoid)
            return replace(step, operation="silu")
    return step


def _wrapped(folding: Folding, step: Step) -> Step:
    """A concatenation of a map with cuts of itself, as the padding that it is."""
    cuts = [folding.maker(source, "crop") for source in step.sources]
    middle = [source for source, cut in zip(step.sources, cuts, strict=True) if cut is None]
    ends = [cut for cut in cuts if cut is not None]
    inside = folding.made.get(middle[0]) if len(middle) == 1 else None
    if inside is None or not ends or any(cut.sources[0] != middle[0] for cut in ends):
        return step
    found = _recognised(inside.values, step.values, before=cuts[0])
    if found is None:
        return step
    for cut in ends:
        folding.drop(cut)
    folding.uses[middle[0]] -= len(ends)
    return _joined(folding, replace(step, operation="pad", sources=(middle[0],), settings=found))


def _recognised(
    inside: NDArray[Any], outside: NDArray[Any], before: Step | None
) -> dict[str, Any] | None:
    """Settings of the padding that makes `outside` of `inside`, both (1, C, H, W)."""
    grown = np.subtract(outside.shape, inside.shape)
    if len(grown) != 4 or grown[:2].any():
        return None
    laid_before = before.values.shape[2:] if before is not None else (0, 0)
    start = np.where(grown[2:] > 0, laid_before, 0)
    widths = [(0, 0), (0, 0), *zip(start, grown[2:] - start, strict=True)]
    for mode, numpy_mode in WRAPPINGS.items():
        if np.array_equal(np.pad(inside, widths, numpy_mode), outside):  # type: ignore[call-overload]
            (top, bottom), (left, right) = widths[2:]
            padding = tuple(map(int, (top, left, bottom, right)))
            return {"padding": padding, "padding_mode": mode}
    return None


def _joined(folding: Folding, step: Step) -> Step:
    """A padding of rows and then one of columns, as one."""
    before = folding.maker(step.sources[0], "pad")
    if before is None or before.settings.get("padding_mode") != step.settings["padding_mode"]:
        return step
    folding.drop(before)
    padding = np.add(before.settings["padding"], step.settings["padding"])
    return replace(step, settings=step.settings | {"padding": tuple(map(int, padding))})
