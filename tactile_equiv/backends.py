"""Engines that evaluate the network: torch, or onnxruntime where it is installed.

A back end is used only after it has proved, on this machine and on this model, that it computes
what torch computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from tactile_equiv.errors import ModelError
from tactile_equiv.frame import FloatArray
from tactile_equiv.network import TactileNetwork

BACKENDS = ("auto", "torch", "onnxruntime")
DEVICES = ("auto", "cpu", "cuda")
PARITY_TOLERANCE = 1e-4


class Backend(Protocol):
    """Evaluates the network on one levelled frame."""

    name: str
    device: str

    def run(self, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(C, H, W) network units to contact map (H, W) and feature canvas (F, H + 2R, W + 2R)."""
        ...


class TorchBackend:
    """PyTorch in inference mode, on one thread of the CPU.

    Two threads gain little on frames this small, and fall behind tenfold where another process
    keeps the other core busy.
    """

    name = "torch"

    def __init__(self, network: TactileNetwork, device: str) -> None:
        self.device = device
        self._network = network.eval().to(device)
        torch.set_num_threads(1)
        empty = np.zeros((network.architecture.input_channels, 11, 13), np.float32)
        if any(part.any() for part in self.run(empty)):
            network.compare_everywhere()

    def run(self, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Backend.run`."""
        with torch.inference_mode():
            contact_map, canvas = self._network(torch.from_numpy(frame)[None].to(self.device))
            return contact_map[0].cpu().numpy(), canvas[0].cpu().numpy()


class OnnxRuntimeBackend:
    """ONNX Runtime on the exported network, one thread."""

    name = "onnxruntime"

    def __init__(self, onnx_file: Path, device: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
        self._session = onnxruntime.InferenceSession(
            onnx_file.read_bytes(), options, providers=[provider]
        )
        self.device = "cuda" if "CUDAExecutionProvider" in self._session.get_providers() else "cpu"

    def run(self, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Backend.run`."""
        contact_map, canvas = self._session.run(None, {"frames": frame[None]})
        return contact_map[0], canvas[0]


@dataclass(frozen=True)
class Parity:
    """How far a back end is from torch on a test frame.

    Attributes:
        relative_error: largest difference of map and features, relative to the largest value.
        empty_maximum: largest absolute value on an empty frame; must be exactly 0.0.
    """

    relative_error: float
    empty_maximum: float

    @property
    def holds(self) -> bool:
        """True within `PARITY_TOLERANCE` and with an exactly empty answer to an empty frame."""
        return self.relative_error <= PARITY_TOLERANCE and self.empty_maximum == 0.0


def measure_parity(backend: Backend, reference: Backend, channels: int) -> Parity:
    """Compare two back ends on a seeded random frame and on an empty one."""
    frame = np.random.default_rng(0).uniform(0, 3, (channels, 12, 17)).astype(np.float32)
    pairs = zip(backend.run(frame), reference.run(frame), strict=True)
    errors = [_relative_error(got, true) for got, true in pairs]
    empty = [np.abs(part).max() for part in backend.run(np.zeros_like(frame))]
    return Parity(float(np.max(errors)), float(np.max(empty)))  # unlike max, np.max keeps NaN


def _relative_error(got: FloatArray, true: FloatArray) -> float:
    if got.shape != true.shape:
        return float("inf")
    return float(np.abs(got - true).max() / max(np.abs(true).max(), 1e-12))


def choose_device(device: str) -> str:
    """Resolve "auto" to "cuda" where torch sees one, else "cpu".

    Raises:
        ModelError: if the name is unknown, or "cuda" is asked for and not there.
    """
    if device not in DEVICES:
        raise ModelError(f"device is {device!r}: use one of {DEVICES}")
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            "device is 'cuda' but torch sees no CUDA device: use 'auto' or 'cpu', or install a "
            "CUDA build of torch"
        )
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device


def choose_backend(
    network: TactileNetwork, onnx_file: Path | None, backend: str = "auto", device: str = "auto"
) -> tuple[Backend, tuple[str, ...]]:
    """The engine to use, and what has to be told about the choice (why another one was refused).

    Args:
        network: the loaded network.
        onnx_file: its export, or None where the model has none.
        backend: one of `BACKENDS`; "auto" takes onnxruntime where it is installed and proves
            parity.
        device: one of `DEVICES`.

    Raises:
        ModelError: if a name is unknown or the device is not there.
    """
    if backend not in BACKENDS:
        raise ModelError(f"backend is {backend!r}: use one of {BACKENDS}")
    reference = TorchBackend(network, choose_device(device))
    if backend == "torch" or (backend == "auto" and reference.device == "cuda"):
        return reference, ()
    try:
        candidate = _proven_onnxruntime(onnx_file, reference, network.architecture.input_channels)
    except ImportError:
        told = () if backend == "auto" else ("onnxruntime is not installed: torch is used",)
        return reference, told
    except Exception as error:  # onnxruntime raises its own classes for files it cannot load
        return reference, (f"onnxruntime is refused ({error}): torch is used",)
    return candidate, ()


def _proven_onnxruntime(onnx_file: Path | None, reference: Backend, channels: int) -> Backend:
    if onnx_file is None:
        raise ModelError("the model directory has no network.onnx")
    candidate = OnnxRuntimeBackend(onnx_file, reference.device)
    parity = measure_parity(candidate, reference, channels)
    if not parity.holds:
        raise ModelError(
            f"it differs from torch by {parity.relative_error:.1e} relative (at most "
            f"{PARITY_TOLERANCE:.0e}) and answers {parity.empty_maximum:.1e} to an empty frame "
            "(must be 0)"
        )
    return candidate
