"""Operators of ONNX in the words of the audit, with their settings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit.torch_operations import (
    GLOBAL_POOLINGS,
    is_flattening,
    is_global,
    padding_settings,
    resize_settings,
)

Arrays = Sequence[NDArray[Any]]

POOLINGS = {"MaxPool": "max_pool", "AveragePool": "average_pool"}
PADDING_MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}
PADDING_MODES["wrap"] = "circular"
REDUCTIONS = {
    "ReduceMean": "mean",
    "ReduceMax": "max",
    "ReduceSum": "sum",
    "GlobalAveragePool": "mean",
    "GlobalMaxPool": "max",
}
WORDS = {
    "BatchNormalization": "batch_norm",
    "Concat": "concatenate",
    "Div": "divide",
    "Gemm": "linear",
    "GroupNormalization": "group_norm",
    "InstanceNormalization": "instance_norm",
    "LayerNormalization": "layer_norm",
    "MatMul": "matmul",
    "Mul": "multiply",
    "Neg": "negative",
    "PRelu": "prelu",
    "Pow": "power",
    "ReduceL2": "norm",
    "ReduceLogSumExp": "log_sum_exp",
    "Sub": "subtract",
    "Sum": "add",
}
VIEWS = {
    "Cast", "CastLike", "DequantizeLinear", "Dropout", "Expand", "Flatten", "Identity",
    "QuantizeLinear", "Reshape", "Split", "Squeeze", "Transpose", "Unsqueeze",
}  # fmt: skip
CONTENT_FREE = {"ConstantOfShape", "Shape", "Size"}
"""Read the shape of a tensor and none of its numbers."""


def describe(
    operator: str, attributes: Mapping[str, Any], inputs: Arrays, result: NDArray[Any]
) -> tuple[str, dict[str, Any]]:
    """The word and the settings of one node.

    Args:
        operator: type of the node.
        attributes: as in the file, texts as str.
        inputs: what went in; an input that is left out is empty.
        result: what came out.
    """
    source = inputs[0]
    if operator == "Conv":
        return "convolution", _window(attributes, inputs[1].shape[2:], source, "zero")
    if operator == "ConvTranspose":
        return "transposed_convolution", _transposed(attributes, inputs[1].shape[2:])
    if operator in POOLINGS:
        mode = "zero" if attributes.get("count_include_pad") else "excluded"
        return POOLINGS[operator], _window(attributes, attributes["kernel_shape"], source, mode)
    if operator == "Pad":
        return "pad", _padding(attributes, inputs)
    if operator in REDUCTIONS:
        word = REDUCTIONS[operator]
        return (GLOBAL_POOLINGS[word] if is_global(source.shape, result.shape) else word), {}
    if operator in ("Slice", "Gather"):
        return _cut(operator, inputs, result)
    if operator == "Resize":
        return "resize", resize_settings(
            attributes.get("mode", "nearest"), source.shape, result.shape
        )
    if operator in VIEWS:
        return ("flatten" if is_flattening(source.shape, result.shape) else "view"), {}
    return WORDS.get(operator) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operator).lower(), {}


def _window(
    attributes: Mapping[str, Any], kernel: Sequence[int], source: NDArray[Any], mode: str
) -> dict[str, Any]:
    rank = len(kernel)
    settings = {
        "kernel": tuple(kernel),
        "stride": tuple(attributes.get("strides", (1,) * rank)),
        "dilation": tuple(attributes.get("dilations", (1,) * rank)),
    }
    if mode == "zero" and "count_include_pad" not in attributes:
        settings["groups"] = attributes.get("group", 1)
    padding = _sides(attributes, settings, source.shape[2:])
    return settings | padding_settings(padding, mode)


def _sides(
    attributes: Mapping[str, Any], settings: Mapping[str, Any], size: Sequence[int]
) -> Sequence[int]:
    """Padding before, then after, along every axis."""
    automatic = attributes.get("auto_pad", "NOTSET")
    if automatic == "NOTSET":
        return tuple(attributes.get("pads", (0,) * 2 * len(size)))
    if automatic == "VALID":
        return (0,) * 2 * len(size)
    reach = (np.array(settings["kernel"]) - 1) * settings["dilation"] + 1
    stride = np.array(settings["stride"])
    total = np.maximum((-(-np.array(size) // stride) - 1) * stride + reach - size, 0)
    less, more = total // 2, total - total // 2
    before, after = (less, more) if automatic == "SAME_UPPER" else (more, less)
    return (*map(int, before), *map(int, after))


def _transposed(attributes: Mapping[str, Any], kernel: Sequence[int]) -> dict[str, Any]:
    ones = (1,) * len(kernel)
    return {
        "kernel": tuple(kernel),
        "stride": tuple(attributes.get("strides", ones)),
        "dilation": tuple(attributes.get("dilations", ones)),
        "groups": attributes.get("group", 1),
    }


def _padding(attributes: Mapping[str, Any], inputs: Arrays) -> dict[str, Any]:
    """Settings of a Pad node that pads rows and columns alone."""
    source, given = inputs[0], [*inputs[1:], *(np.zeros(0),) * 3]
    amounts = np.array(attributes.get("pads", given[0]), int).reshape(2, -1)
    axes = given[2] if given[2].size else np.arange(source.ndim)
    sides = {int(axis) % source.ndim: side for axis, side in zip(axes, amounts.T, strict=True)}
    if source.ndim != 4 or any(sides.get(axis, amounts[:, 0] * 0).any() for axis in (0, 1)):
        return {}
    (top, bottom), (left, right) = (sides.get(axis, (0, 0)) for axis in (2, 3))
    mode = PADDING_MODES[attributes.get("mode", "constant")]
    value = float(given[1].reshape(-1)[0]) if given[1].size else attributes.get("value", 0.0)
    return padding_settings((top, left, bottom, right), mode, value)


def _cut(operator: str, inputs: Arrays, result: NDArray[Any]) -> tuple[str, dict[str, Any]]:
    source = inputs[0]
    if source.ndim != 4 or source.shape[2:] == result.shape[2:] or result.ndim != 4:
        return "view", {}
    if operator == "Gather":
        return "gather", {}
    steps = np.ones(4, int)
    if len(inputs) > 4 and inputs[4].size:
        axes = inputs[3] if inputs[3].size else np.arange(inputs[4].size)
        steps[axes.astype(int)] = inputs[4]
    stride = tuple(map(int, steps[2:]))
    return ("subsample", {"stride": stride}) if stride != (1, 1) else ("crop", {})
