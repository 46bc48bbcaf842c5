"""Which engine a model runs on: the fastest that proves to compute what torch computes."""

from __future__ import annotations

import ctypes
import importlib.util
import runpy
from functools import cache
from pathlib import Path

from tactile_equiv.backends import (
    BACKENDS,
    DEVICES,
    Backend,
    MissingBackendError,
    OnnxRuntimeBackend,
    OpenCvBackend,
)
from tactile_equiv.errors import ModelError
from tactile_equiv.model_directory import StoredNetwork
from tactile_equiv.onnx_contents import require_plain
from tactile_equiv.parity import PARITY_TOLERANCE, Probe, measure_parity, probe_of


def choose_backend(
    network: StoredNetwork, backend: str = "auto", device: str = "auto"
) -> tuple[Backend, tuple[str, ...]]:
    """The engine to use, and what has to be told about the choice (why another one was refused).

    Args:
        network: what the engines are made from.
        backend: one of `BACKENDS`, whose order is that of speed; "auto" takes the first that is
            there. One that is refused leaves its place to the next.
        device: one of `DEVICES`; "auto" takes CUDA where an engine has it.

    Raises:
        ModelError: if a name is unknown, or no engine can be used.
    """
    for name, value, known in (("backend", backend, BACKENDS), ("device", device, DEVICES)):
        if value not in known:
            raise ModelError(f"{name} is {value!r}: use one of {known}")
    refused: list[str] = []
    missing: list[str] = []
    for engine, place in _candidates(backend, device):
        try:
            chosen = _proven(network, engine, place)
        except MissingBackendError as error:
            asked = engine == backend and (place == device or place == "cpu")
            (refused if asked else missing).append(f"{engine} is not there ({error})")
        except Exception as error:  # engines have classes of their own for what they cannot load
            refused.append(f"{engine} is refused ({' '.join(str(error).split()):.300})")
        else:
            return chosen, (f"{'; '.join(refused)}: {engine} is used",) if refused else ()
    raise ModelError(
        f"no engine runs this model on device {device!r}: {'; '.join(refused + missing)}"
    )


def _candidates(backend: str, device: str) -> list[tuple[str, str]]:
    """Engines and devices to try, best first: a device before an engine, unless one is named."""
    engines = [name for name in BACKENDS if name != "auto"]
    devices = [device]
    if device == "auto":
        devices = ["cuda", "cpu"] if cuda_is_here() else ["cpu"]
    if backend == "auto":
        return [(engine, place) for place in devices for engine in engines]
    engines = [backend, *(name for name in engines if name != backend)]
    return [(engine, place) for engine in engines for place in devices]


def _proven(network: StoredNetwork, engine: str, device: str) -> Backend:
    candidate = _made(network, engine, device)
    parity = measure_parity(candidate, network.probe or _live_probe(network))
    if not parity.holds:
        raise ModelError(
            f"it differs from torch by {parity.relative_error:.1e} relative (at most "
            f"{PARITY_TOLERANCE:.0e}) and answers {parity.untouched_maximum:.1e} on untouched skin "
            "(must be 0)"
        )
    return candidate


def _made(network: StoredNetwork, engine: str, device: str) -> Backend:
    if engine == "torch":
        return _on_torch(network, device)
    if network.onnx is None:
        raise ModelError("the model directory has no network.onnx")
    require_plain(network.onnx)
    if engine == "onnxruntime":
        return OnnxRuntimeBackend(network.onnx, device)
    return OpenCvBackend(network.onnx, device)


def _on_torch(network: StoredNetwork, device: str) -> Backend:
    if device == "cuda" and not _torch_has_cuda():
        raise MissingBackendError("it is built without CUDA: install a CUDA build of torch")
    from tactile_equiv.torch_backend import TorchBackend, network_of  # takes 2 s

    return TorchBackend(network_of(network.architecture, network.weights), device)


def _torch_has_cuda() -> bool:
    """Whether torch is built for CUDA, as its version file says without the rest of it."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return False
    version = runpy.run_path(str(Path(found.origin).with_name("version.py")))
    return version.get("cuda") is not None


def _live_probe(network: StoredNetwork) -> Probe:
    return probe_of(_on_torch(network, "cpu"), network.architecture)


@cache
def cuda_is_here() -> bool:
    """Whether NVIDIA's driver is installed and finds a device; asked without a slow engine."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and count.value > 0
    )
