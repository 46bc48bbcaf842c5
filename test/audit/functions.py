"""Networks that are plain functions of frames, and layers that were never run."""

from collections.abc import Callable

import numpy as np

from tactile_equiv.audit.traced import LayerOutput

Function = Callable[[np.ndarray], np.ndarray]


class Functions:
    """A subject whose layers are functions (N, C, H, W) -> array, each of the one before."""

    name, kind, fixed_size = "functions", "torch", False

    def __init__(self, *functions: Function, shape=(1, 32, 32), names=None) -> None:
        self.input_shape = shape
        self._functions = functions
        self._names = names or [f"f{number}" for number, _ in enumerate(functions, 1)]

    def layers(self, frames):
        outputs, values = [], frames
        for number, (function, name) in enumerate(zip(self._functions, self._names, strict=True)):
            values = np.asarray(function(values), np.float32)
            is_output = number == len(self._functions) - 1
            outputs.append(LayerOutput(name, "function", values, {}, is_output))
        return outputs


def neighbours(maps):
    """The sum of each cell and the one to its right and below: (N, C, H - 1, W - 1)."""
    return maps[:, :, :-1, :-1] + 0.5 * maps[:, :, 1:, :-1] + 0.25 * maps[:, :, :-1, 1:]


def identity(maps):
    return maps


def every(rows, columns):
    """Only every so-manieth cell."""
    return lambda maps: maps[:, :, ::rows, ::columns]


def total(maps):
    """(N, C)."""
    return maps.sum(axis=(2, 3), dtype=np.float64)


def wrapped_columns(maps):
    """Same size; circular along the columns, empty beyond the rows: a cylinder."""
    wrapped = np.concatenate([maps[..., -1:], maps, maps[..., :1]], axis=3)
    padded = np.pad(wrapped, ((0, 0), (0, 0), (1, 1), (0, 0)))
    return neighbours(neighbours(padded))


def zero_rim(maps):
    """Adds a background and cuts it at the border: 0 in the outermost cells."""
    raised = maps + 0.3
    raised[:, :, [0, -1], :] = 0
    raised[:, :, :, [0, -1]] = 0
    return raised


def ramp(maps):
    """Adds the column, from 0 to 1."""
    return maps + np.linspace(0, 1, maps.shape[-1])


def gained(maps):
    """Multiplies by a gain of every cell's own."""
    return maps * np.random.default_rng(0).uniform(0.5, 1.5, maps.shape[1:])


def where_is_it(maps):
    """Evidence for the left half and for the right half, (N, 2)."""
    half = maps.shape[-1] // 2
    return np.stack([maps[..., :half].sum((1, 2, 3)), maps[..., half:].sum((1, 2, 3))], axis=1)
