"""Engines that evaluate the network: one small interface, ONNX Runtime and OpenCV.

The third engine, torch, has a module of its own (`torch_backend`): it is slow to import, so nothing
here imports it. `backend_choice` decides which engine a model runs on.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any, Protocol

import cv2
import numpy as np

from tactile_equiv.errors import ModelError
from tactile_equiv.frame import FloatArray

BACKENDS = ("auto", "onnxruntime", "torch", "opencv")
DEVICES = ("auto", "cpu", "cuda")
OUTPUTS = ["contact_map", "features"]
TRIAL = """
import sys
import cv2
import numpy
onnx = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8)
try:
    cv2.dnn.readNetFromONNX(onnx)
except cv2.error:
    pass  # whoever reads it next says so
"""
TRIAL_S = 60
OPENCV = 5
"""First version that reads the export; 4.10 and 4.13 fail on its frames of any size."""


class MissingBackendError(ModelError):
    """The engine or its device is not on this machine."""


class Backend(Protocol):
    """Evaluates the network on levelled frames, whose size may change from call to call.

    Attributes:
        name: one of `BACKENDS`.
        device: "cpu" or "cuda".
        call_cells: what a call costs beside its cells, in canvas cells: measured, by what one call
            for several frames saves (benchmarks/hand.py).
    """

    name: str
    device: str
    call_cells: int

    def run(self, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(C, H, W) network units to contact map (H, W) and feature canvas (F, H + 2R, W + 2R)."""
        contact_map, canvas = self.run_batch(frame[None])
        return contact_map[0], canvas[0]

    def run_batch(self, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(N, C, H, W) to contact maps (N, H, W) and canvases (N, F, H + 2R, W + 2R)."""
        ...


class OnnxRuntimeBackend(Backend):
    """ONNX Runtime on the exported network, one thread of the CPU or a CUDA device.

    Its defaults are the fastest: all graph optimisations, memory arena and memory patterns, also
    where every frame is of another size.

    Raises:
        MissingBackendError: if onnxruntime is not installed, or sees no CUDA device.
    """

    name = "onnxruntime"
    call_cells = 100

    def __init__(self, onnx: bytes, device: str) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingBackendError("it is not installed") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            onnx,
            options,
            providers=[_provider(device, onnxruntime.get_available_providers())],
            enable_fallback=int(device != "cpu"),  # there it would try the same again, and print
        )
        self.device = "cuda" if "CUDAExecutionProvider" in self._session.get_providers() else "cpu"
        if self.device != device:
            raise MissingBackendError("its CUDA provider found no device")

    def run_batch(self, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Backend.run_batch`."""
        contact_maps, canvases = self._session.run(OUTPUTS, {"frames": frames})
        return contact_maps, canvases


def _provider(device: str, available: list[str]) -> Any:
    """The execution provider of a device, set to compute in full float32 with a fixed algorithm."""
    if device == "cpu":
        return "CPUExecutionProvider"
    if "CUDAExecutionProvider" not in available:
        raise MissingBackendError("it has no CUDA provider: install a CUDA build of onnxruntime")
    return "CUDAExecutionProvider", {"use_tf32": "0", "cudnn_conv_algo_search": "DEFAULT"}


class OpenCvBackend(Backend):
    """OpenCV's cv2.dnn on the exported network, one thread of the CPU.

    Winograd convolution is off: its rounding depends on where a contact lies in its tiles, so a
    shifted contact would not give the same bits.

    Raises:
        MissingBackendError: if `device` is "cuda".
        ModelError: if this OpenCV is too old, or dies of the export.
    """

    name = "opencv"
    device = "cpu"
    call_cells = 100

    def __init__(self, onnx: bytes, device: str) -> None:
        if device != "cpu":
            raise MissingBackendError("it runs on the CPU only")
        if int(cv2.__version__.split(".")[0]) < OPENCV:
            raise ModelError(
                f"OpenCV {cv2.__version__} cannot read an export for any frame size: install "
                f"OpenCV {OPENCV}"
            )
        cv2.setNumThreads(1)
        _try_apart(onnx)
        self._network = cv2.dnn.readNetFromONNX(np.frombuffer(onnx, np.uint8))
        self._network.enableWinograd(False)

    def run_batch(self, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Backend.run_batch`."""
        self._network.setInput(frames, "frames")
        contact_maps, canvases = self._network.forward(OUTPUTS)
        return contact_maps, canvases


def _try_apart(onnx: bytes) -> None:
    """Read an export in another process first: OpenCV's reader dies of some that are damaged.

    Raises:
        ModelError: if the process dies, or takes longer than `TRIAL_S`.
    """
    try:
        done = subprocess.run([sys.executable, "-c", TRIAL], input=onnx, timeout=TRIAL_S)
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"OpenCV takes more than {TRIAL_S} s to read the export") from error
    if done.returncode < 0:
        raise ModelError(
            f"OpenCV dies of the export ({signal.Signals(-done.returncode).name}): it is damaged; "
            "copy the whole model directory again"
        )
