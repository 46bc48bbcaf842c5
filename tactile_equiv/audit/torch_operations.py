"""Operators of torch (ATen) in the words of the audit, with their settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

CONVOLUTIONS = {"conv2d", "conv1d", "convolution", "convolution_mode"}
TRANSPOSED = {"conv_transpose2d", "conv_transpose1d"}
POOLINGS = {
    "max_pool2d": "max_pool",
    "max_pool2d_with_indices": "max_pool",
    "avg_pool2d": "average_pool",
}
PADDINGS = {
    "pad": "",
    "constant_pad_nd": "constant",
    "reflection_pad2d": "reflect",
    "replication_pad2d": "replicate",
}
REDUCTIONS = {
    "mean": "mean",
    "amax": "max",
    "max": "max",
    "sum": "sum",
    "adaptive_avg_pool2d": "mean",
    "adaptive_max_pool2d": "max",
}
ADAPTIVE = {
    "adaptive_avg_pool2d": "adaptive_average_pool",
    "adaptive_max_pool2d": "adaptive_max_pool",
}
GLOBAL_POOLINGS = {
    "mean": "global_average_pool",
    "max": "global_max_pool",
    "sum": "global_sum_pool",
}
RESIZINGS = ("nearest", "linear", "cubic")
WORDS = {
    "sub": "subtract",
    "rsub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "pow": "power",
    "neg": "negative",
    "cat": "concatenate",
    "concat": "concatenate",
    "stack": "stack",
    "clamp": "clip",
    "hardtanh": "clip",
    "relu6": "clip",
    "prelu_kernel": "prelu",
    "native_batch_norm": "batch_norm",
    "native_group_norm": "group_norm",
    "native_layer_norm": "layer_norm",
    "addmm": "linear",
    "mm": "matmul",
    "bmm": "matmul",
    "native_multi_head_attention": "attention",
    "scaled_dot_product_attention": "attention",
    "logsumexp": "log_sum_exp",
    "linalg_vector_norm": "norm",
}
VIEWS = {
    "alias", "broadcast_to", "chunk", "clone", "contiguous", "copy", "detach", "double", "dropout",
    "expand", "expand_as", "feature_dropout", "flatten", "float", "lift_fresh", "movedim", "narrow",
    "permute", "reshape", "select", "split", "split_with_sizes", "squeeze", "swapaxes", "t", "to",
    "to_copy", "to_dense", "to_mkldnn", "transpose", "type_as", "unbind", "unflatten",
    "unsafe_view", "unsqueeze", "view", "view_as",
}  # fmt: skip
DROPOUTS = {"dropout", "feature_dropout"}
CONTENT_FREE = {
    "empty_like", "full_like", "new_empty", "new_full", "new_ones", "new_zeros", "ones_like",
    "zeros_like",
}  # fmt: skip
"""Read the shape of a tensor and none of its numbers."""


def describe(
    operator: str, given: dict[str, Any], source: Tensor, result: Tensor
) -> tuple[str, dict[str, Any]]:
    """The word and the settings of one call.

    Args:
        operator: name of the ATen operator, without overload and underscores.
        given: its arguments by name, defaults included.
        source: the first tensor that went in. result: the tensor that came out.
    """
    if operator in CONVOLUTIONS | TRANSPOSED:
        return _convolution(operator in TRANSPOSED, given)
    if operator in POOLINGS:
        return POOLINGS[operator], _pooling(operator, given)
    if operator in PADDINGS:
        return "pad", _padding(PADDINGS[operator] or given["mode"], given)
    if operator in REDUCTIONS:
        return _reduction(operator, source, result), {}
    if operator in DROPOUTS and given["train"]:
        return "dropout", {}
    if operator == "slice":
        return _cut(given, source, result)
    if operator.startswith("upsample"):
        mode = next((word for word in RESIZINGS if word in operator), operator)
        return "resize", resize_settings(mode, source.shape, result.shape)
    if is_flattening(source.shape, result.shape) and operator in VIEWS:
        return "flatten", {}
    return ("view" if operator in VIEWS else WORDS.get(operator, operator)), {}


def is_flattening(source: Sequence[int], result: Sequence[int]) -> bool:
    """True where a map of more than one pixel becomes a vector, pixels and channels mixed."""
    return len(source) == 4 and source[2] * source[3] > 1 and len(result) == 2


def is_global(source: Sequence[int], result: Sequence[int]) -> bool:
    """True where a map of more than one pixel becomes one number for each channel."""
    if len(source) != 4 or source[2] * source[3] == 1:
        return False
    return tuple(result) in ((source[0], source[1]), (source[0], source[1], 1, 1))


def resize_settings(mode: str, source: Sequence[int], result: Sequence[int]) -> dict[str, Any]:
    """Mode and scale (rows, columns) of a resized map."""
    scale = tuple(after / before for after, before in zip(result[2:], source[2:], strict=True))
    return {"mode": mode, "scale": scale}


def padding_settings(padding: Sequence[int], mode: str, value: float = 0.0) -> dict[str, Any]:
    """Settings of a padding (top, left, bottom, right), where there is any."""
    if not any(padding):
        return {}
    mode = "zero" if mode in ("constant", "zero") and value == 0 else mode
    filled = {"value": value} if mode == "constant" else {}
    return {"padding": tuple(map(int, padding)), "padding_mode": mode} | filled


def _convolution(transposed: bool, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kernel = tuple(given["weight"].shape[2:])
    rank = len(kernel)
    dilation = _tuple(given["dilation"], rank)
    settings = {
        "kernel": kernel,
        "stride": _tuple(given["stride"], rank),
        "dilation": dilation,
        "groups": given["groups"],
    }
    if transposed or given.get("transposed"):
        return "transposed_convolution", settings
    before, after = _sides(given["padding"], kernel, dilation)
    return "convolution", settings | padding_settings([*before, *after], "zero")


def _sides(
    padding: Any, kernel: Sequence[int], dilation: Sequence[int]
) -> tuple[Sequence[int], Sequence[int]]:
    """Padding before and after along every axis; "same" puts an odd pixel after."""
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return [t // 2 for t in total], [t - t // 2 for t in total]
    sides = (0,) * len(kernel) if padding == "valid" else _tuple(padding, len(kernel))
    return sides, sides


def _pooling(operator: str, given: dict[str, Any]) -> dict[str, Any]:
    kernel = _tuple(given["kernel_size"], 2)
    settings = {"kernel": kernel, "stride": _tuple(given["stride"] or kernel, 2)}
    settings["dilation"] = _tuple(given.get("dilation", 1), 2)
    mode = "zero" if given.get("count_include_pad") else "excluded"
    return settings | padding_settings(_tuple(given["padding"], 2) * 2, mode)


def _padding(mode: str, given: dict[str, Any]) -> dict[str, Any]:
    """Torch counts from the last axis: left, right, top, bottom, ..."""
    sides: list[int] = [*given.get("pad", given.get("padding", []))]
    left, right, top, bottom = (sides + 4 * [0])[:4]
    if any(sides[4:]):  # channels are padded too
        return {}
    return padding_settings((top, left, bottom, right), mode, given.get("value") or 0.0)


def _reduction(operator: str, source: Tensor, result: Tensor) -> str:
    word = REDUCTIONS[operator]
    if is_global(source.shape, result.shape):
        return GLOBAL_POOLINGS[word]
    return ADAPTIVE.get(operator, word)


def _cut(given: dict[str, Any], source: Tensor, result: Tensor) -> tuple[str, dict[str, Any]]:
    if source.dim() != 4 or source.shape[2:] == result.shape[2:]:
        return "view", {}
    if given["step"] == 1:
        return "crop", {}
    stride = (given["step"], 1) if given["dim"] % 4 == 2 else (1, given["step"])
    return "subsample", {"stride": stride}


def _tuple(value: Any, length: int) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    return values * length if len(values) == 1 else values
