"""Load a network to audit: one of our models, a torch module, a TorchScript or an ONNX file."""

from __future__ import annotations

import importlib
import os
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tactile_equiv.audit.one_period import OnePeriod
from tactile_equiv.audit.onnx_trace import load_onnx
from tactile_equiv.audit.torch_files import EXPORT_ADVICE, FILE_LIMIT, load_torchscript
from tactile_equiv.audit.torch_trace import TorchTrace
from tactile_equiv.audit.traced import Kind, Subject
from tactile_equiv.audit.traced_network import TracedNetwork
from tactile_equiv.errors import AuditError, ModelError
from tactile_equiv.model_directory import find_model, load_network
from tactile_equiv.network import TactileNetwork
from tactile_equiv.torch_backend import network_of

Shape = tuple[int, int, int]

MODEL_SIDE = 32
"""Rows and columns of the frames that our own models are audited with, unless told."""

FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
TORCH_FILES = (".pt", ".pth", ".pt2", ".pkl", ".ckpt")


def load_subject(
    text: str,
    input_shape: Shape | None = None,
    *,
    trust_code: bool = False,
    axis: int | None = None,
) -> Subject:
    """Load a network and try it on a frame.

    Args:
        text: a model directory or the name of a shipped model; a file (.onnx, or TorchScript);
            or `module:factory`, the user's own code, found in the current folder and on PYTHONPATH:
            a torch module, or what makes one when called without arguments.
        input_shape: (C, H, W) of the frames; needed where the network does not tell it.
        trust_code: run programs from files: TorchScript is one.
        axis: of (H, W) that wraps round a finger; a model of this package then wraps as `perceive`
            does. Other networks wrap if they do so themselves.

    Raises:
        AuditError: if it cannot be loaded safely, or cannot be traced.
        ModelError: if a model directory is incomplete or corrupt.
    """
    path = Path(text)
    if path.is_file():
        return _from_file(text, path, input_shape, trust_code)
    if FACTORY.fullmatch(text):
        return _traced(text, "torch", _from_factory(text), input_shape)
    try:
        folder = find_model(text)
    except ModelError as error:
        raise AuditError(
            f"there is no network {text!r:.200}: give a .onnx file, a TorchScript file, "
            f"MODULE:FACTORY, or a model of this package ({error})"
        ) from error
    return _from_model(text, folder, input_shape, axis)


def subject_of_module(module: nn.Module, input_shape: Shape, name: str | None = None) -> Subject:
    """A torch module in memory.

    Args:
        module: is switched to evaluation and moved to the CPU.
        input_shape: (C, H, W) of the frames.
        name: that of its class when None.

    Raises:
        AuditError: if it cannot be traced.
    """
    return _traced(name or type(module).__name__, "torch", module, input_shape)


def _from_model(name: str, folder: Path, input_shape: Shape | None, axis: int | None) -> Subject:
    stored, _ = load_network(folder)
    network = network_of(stored.architecture, stored.weights).plain()
    network.keep_zero()  # as the perception node does
    shape = input_shape or (stored.architecture.input_channels, MODEL_SIDE, MODEL_SIDE)
    trace = TorchTrace(name, network, lambda frames: _answers(network, frames, axis))
    traced = TracedNetwork(name, "model", shape, trace)
    return traced if axis is None else OnePeriod(traced, axis, cell_is_pixel=True)


def _answers(network: TactileNetwork, frames: Tensor, axis: int | None) -> dict[str, Tensor]:
    """What the perception node makes of levelled frames (N, C, H, W) in network units."""
    if axis is None:
        canvas = network.features(frames)
        contact_map = network.contact_probability(canvas)
    else:
        radius, lines = network.architecture.radius, frames.shape[2 + axis]
        around = torch.arange(-radius, lines + radius) % lines
        continued = network.features(frames.index_select(2 + axis, around))
        on_skin = continued.narrow(2 + axis, radius, lines + 2 * radius)  # R beyond both ends
        contact_map = network.contact_probability(on_skin)
        canvas = continued.narrow(2 + axis, 2 * radius, lines)
    pooled = network.pool(canvas)
    return {
        "contact_map": contact_map[:, None],  # (N, 1, H, W)
        "pooled": pooled,
        "scores": torch.softmax(network.classify(pooled), dim=1),
    }


def _from_file(name: str, file: Path, input_shape: Shape | None, trust_code: bool) -> Subject:
    _require_readable(name, file)
    kind = file.suffix.lower()
    if kind == ".onnx":
        trace = load_onnx(name, file)
        shape, fixed = _declared_shape(name, trace.declared, input_shape)
        trace.require_size(shape)
        return TracedNetwork(name, "onnx", shape, trace, fixed)
    if kind in TORCH_FILES or zipfile.is_zipfile(file):
        module = load_torchscript(name, file, trust_code)
        return _traced(name, "torchscript", module, input_shape)
    if kind == ".safetensors":
        raise AuditError(
            f"{name} holds weights without the network that they belong to: {EXPORT_ADVICE}"
        )
    raise AuditError(
        f"{name} is no file of a network known here: give .onnx or TorchScript; of anything else, "
        "export ONNX"
    )


def _require_readable(name: str, file: Path) -> None:
    size = file.stat().st_size
    if size > FILE_LIMIT:
        raise AuditError(f"{name} has {size} bytes: at most {FILE_LIMIT} are read")
    if not os.access(file, os.R_OK):
        raise AuditError(f"{name} may not be read: change its permissions")


def _declared_shape(
    name: str, declared: tuple[int | None, ...], asked: Shape | None
) -> tuple[Shape, bool]:
    """The shape to audit with, and whether the file takes no other height and width."""
    shape = asked or declared
    told = "x".join(str(size or "?") for size in declared)
    if any(size is None for size in shape):
        raise AuditError(
            f"{name} takes frames of {told} and leaves a size open: say which (--input CxHxW)"
        )
    if any(fixed not in (None, size) for fixed, size in zip(declared, shape, strict=True)):
        raise AuditError(
            f"{name} takes frames of {told}, not of {'x'.join(map(str, shape))}: leave --input "
            "out, or export the file with open sizes"
        )
    channels, height, width = shape
    return (channels, height, width), None not in declared[1:]  # type: ignore[return-value]


def _traced(name: str, kind: Kind, module: nn.Module, input_shape: Shape | None) -> Subject:
    if input_shape is None:
        raise AuditError(
            f"{name} does not tell the size of its frames: give channels, rows and columns "
            "(--input CxHxW, for example --input 1x32x32)"
        )
    return TracedNetwork(name, kind, input_shape, TorchTrace(name, module))


def _from_factory(text: str) -> nn.Module:
    """Import the user's own code and call it."""
    module_name, _, attributes = text.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        made: Any = importlib.import_module(module_name)
        for attribute in attributes.split("."):
            made = getattr(made, attribute)
        if not isinstance(made, nn.Module):
            made = made()
    except (Exception, SystemExit) as error:
        raise AuditError(
            f"{text} gives no network ({type(error).__name__}: "
            f"{' '.join(str(error).split()):.300}): it must name a function or class, in the "
            "current folder or on PYTHONPATH, that makes a torch module when called without "
            "arguments"
        ) from error
    if not isinstance(made, nn.Module):
        raise AuditError(
            f"{text} gives {type(made).__name__}: it must give a torch module (torch.nn.Module)"
        )
    return made
