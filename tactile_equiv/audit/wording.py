"""Layers and numbers in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactile_equiv.audit.measurements import LayerMeasurement

OPERATIONS = {
    "max_pool": "max pooling",
    "average_pool": "average pooling",
    "pad": "padding",
    "add": "sum",
    "multiply": "product",
}
"""Where the word of a trace is not the one that people use."""


def layer_words(measured: LayerMeasurement) -> str:
    """Such as: layer 3 `features.3` (convolution, stride 2, zero padding)."""
    layer = measured.layer
    parts = [operation_words(layer.operation), *_settings(layer.settings)]
    return f"layer {measured.number} `{layer.name}` ({', '.join(parts)})"


def operation_words(operation: str) -> str:
    """What a layer does, as people say it."""
    return OPERATIONS.get(operation, operation.replace("_", " "))


def _settings(settings: dict[str, Any]) -> list[str]:
    words = []
    for name in ("stride", "dilation"):
        values = settings.get(name)
        if values and any(value != 1 for value in values):
            words.append(f"{name} {_sizes(values)}")
    if "padding" in settings:
        mode = settings.get("padding_mode", "zero")
        padded = "padding that does not count" if mode == "excluded" else f"{mode} padding"
        words.append(padded if any(settings["padding"]) else "no padding")
    return words


def _sizes(values: Sequence[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))


def percent(error: float) -> str:
    """A relative error; small ones as powers of ten, so that 0 is only what is 0."""
    if error >= 10:
        return f"{error:.0f} times the response"
    if error == 0 or not error < 1e-3:
        return f"{100 * error:.3g} %"
    return f"{error:.0e} of the response"


def listed(words: Sequence[str]) -> str:
    """Such as: a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
