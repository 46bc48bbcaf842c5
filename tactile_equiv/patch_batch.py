"""Frames of several patches evaluated together: fewer calls of the engine, the same answers.

What the network is run on has many sizes. Zeros around a frame are untouched skin: they are exactly
0.0 in every layer, and every layer grows the canvas. So frames that are padded to one size give, in
one call, canvases that hold those of the single frames in their first corner.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tactile_equiv.backends import Backend
from tactile_equiv.frame import FloatArray
from tactile_equiv.touched_regions import Answer, Evaluation, Plan

Size = tuple[int, int]


def evaluate_together(backend: Backend, radius: int, plans: Sequence[Plan]) -> list[Evaluation]:
    """The evaluation of every plan, in few calls of the engine.

    Args:
        backend: runs the network.
        radius: receptive radius R of the network, taxels.
        plans: one for each patch.
    """
    inputs = [plan.inputs() for plan in plans]
    answers = iter(run_together(backend, radius, [frame for each in inputs for frame in each]))
    return [
        plan.evaluation([next(answers) for _ in each])
        for plan, each in zip(plans, inputs, strict=True)
    ]


def run_together(backend: Backend, radius: int, frames: Sequence[FloatArray]) -> list[Answer]:
    """What `Backend.run` answers to each of the frames (C, h, w), in few calls.

    An engine that cannot take several frames at once (no `run_batch`) is called for each.
    """
    call_cells = backend.call_cells if hasattr(backend, "run_batch") else 0
    sizes = [(frame.shape[1], frame.shape[2]) for frame in frames]
    answers: dict[int, Answer] = {}
    for batch in batches(sizes, radius, call_cells):
        if len(batch) == 1:
            answers[batch[0]] = backend.run(frames[batch[0]])
        else:
            answers |= _run_batch(backend, radius, {number: frames[number] for number in batch})
    return [answers[number] for number in range(len(frames))]


def batches(sizes: Sequence[Size], radius: int, call_cells: int) -> list[list[int]]:
    """Which frames to run together: numbers of frames, each in one batch.

    Frames of similar size are joined as long as the cells that padding adds cost less than a call.

    Args:
        sizes: rows and columns of every frame.
        radius: receptive radius R, taxels.
        call_cells: what a call costs beside its cells, in canvas cells; 0 joins no frames.
    """
    found: list[list[int]] = []
    around: Size = (0, 0)
    for number in sorted(range(len(sizes)), key=lambda number: _cells(sizes[number], radius)):
        rows, columns = sizes[number]
        wider = max(around[0], rows), max(around[1], columns)
        batch = found[-1] if found else []
        together = _cells(wider, radius) * (len(batch) + 1)
        apart = _cells(around, radius) * len(batch) + _cells(sizes[number], radius) + call_cells
        if batch and call_cells and together <= apart:
            batch.append(number)
            around = wider
        else:
            found.append([number])
            around = sizes[number]
    return found


def _run_batch(backend: Backend, radius: int, frames: dict[int, FloatArray]) -> dict[int, Answer]:
    largest = np.max([frame.shape for frame in frames.values()], axis=0)  # (C, h, w)
    padded = np.zeros((len(frames), *largest), np.float32)
    for place, frame in zip(padded, frames.values(), strict=True):
        place[:, : frame.shape[1], : frame.shape[2]] = frame
    answers = zip(*backend.run_batch(padded), strict=True)
    return {
        number: _cropped(answer, (frame.shape[1], frame.shape[2]), radius)
        for (number, frame), answer in zip(frames.items(), answers, strict=True)
    }


def _cropped(answer: Answer, size: Size, radius: int) -> Answer:
    (contact_map, canvas), (rows, columns) = answer, size
    grown = canvas[:, : rows + 2 * radius, : columns + 2 * radius]
    return contact_map[:rows, :columns].copy(), grown


def _cells(size: Size, radius: int) -> int:
    return (size[0] + 2 * radius) * (size[1] + 2 * radius)
