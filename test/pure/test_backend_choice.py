"""The engine of a model: the fastest that is there and proved itself; every refusal is said."""

import importlib.machinery
import sys
from dataclasses import replace

import pytest
import torch

from tactile_equiv import backend_choice
from tactile_equiv.backend_choice import choose_backend
from tactile_equiv.backends import BACKENDS
from tactile_equiv.errors import ModelError
from tactile_equiv.model_directory import StoredNetwork
from tactile_equiv.model_export import export_onnx
from tactile_equiv.parity import probe_of
from tactile_equiv.torch_backend import TorchBackend, weights_of

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")


def stored(network, onnx=None):
    probe = probe_of(TorchBackend(network, "cpu"), network.architecture)
    return StoredNetwork(network.architecture, weights_of(network), onnx, probe)


@pytest.fixture(scope="module")
def whole(small_network):
    """A stored network with export and probe."""
    pytest.importorskip("onnx", reason="the export needs onnx")
    pytest.importorskip("onnxruntime", reason="the first choice needs onnxruntime")
    return stored(small_network, export_onnx(small_network))


@pytest.fixture
def without_onnxruntime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.mark.parametrize("asked", BACKENDS)
@pytest.mark.parametrize("probed", [True, False], ids=["probe", "live"])
def test_the_engine_asked_for_is_used(asked, probed, whole):
    network = whole if probed else replace(whole, probe=None)
    backend, notices = choose_backend(network, asked, "cpu")
    assert backend.name == ("onnxruntime" if asked == "auto" else asked)
    assert (backend.device, notices) == ("cpu", ())


@pytest.mark.parametrize("probed", [True, False], ids=["probe", "live"])
@pytest.mark.parametrize("asked", ["auto", "onnxruntime", "opencv"])
def test_the_export_of_another_network_is_refused_by_name(
    asked, probed, whole, make_network, small_network
):
    other = stored(make_network(small_network.architecture, 5), whole.onnx)
    network = other if probed else replace(other, probe=None)
    backend, (notice,) = choose_backend(network, asked, "cpu")
    assert backend.name == "torch"
    first = "onnxruntime" if asked == "auto" else asked
    assert f"{first} is refused (it differs from torch" in notice
    assert notice.endswith(": torch is used")


def test_a_file_that_is_no_onnx_is_refused_and_torch_is_used(whole):
    backend, (notice,) = choose_backend(replace(whole, onnx=b"not a network"), "auto", "cpu")
    assert backend.name == "torch"
    assert "onnxruntime is refused" in notice


@pytest.mark.parametrize("asked", ["auto", "onnxruntime", "opencv"])
def test_a_model_without_an_export_says_so(asked, small_network):
    backend, (notice,) = choose_backend(stored(small_network), asked, "cpu")
    assert backend.name == "torch"
    assert "no network.onnx" in notice


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize(
    ("asked", "told"), [("auto", ""), ("torch", ""), ("onnxruntime", "it is not installed")]
)
def test_without_onnxruntime_torch_is_used(asked, told, device, whole, without_onnxruntime):
    backend, notices = choose_backend(whole, asked, device)
    assert backend.name == "torch"
    assert told in "".join(notices) and bool(notices) == bool(told)


def test_without_onnxruntime_and_torch_opencv_is_used(whole, without_onnxruntime, monkeypatch):
    monkeypatch.setitem(sys.modules, "tactile_equiv.torch_backend", None)
    backend, (notice,) = choose_backend(whole, "auto", "cpu")
    assert backend.name == "opencv"
    assert "torch is refused" in notice


def test_where_no_engine_is_left_all_reasons_are_said(whole, without_onnxruntime, monkeypatch):
    monkeypatch.setitem(sys.modules, "tactile_equiv.torch_backend", None)
    with pytest.raises(
        ModelError, match=r"onnxruntime is refused.*torch is refused.*opencv is refused"
    ):
        choose_backend(replace(whole, onnx=None), "auto", "cpu")


def test_a_probe_of_other_weights_refuses_every_engine(whole, make_network, small_network):
    other = stored(make_network(small_network.architecture, 5)).probe
    with pytest.raises(ModelError, match=r"onnxruntime is.*torch is.*opencv is"):
        choose_backend(replace(whole, probe=other), "auto", "cpu")


def test_unknown_names_are_refused_with_the_right_ones(whole):
    with pytest.raises(ModelError, match=r"'tensorrt'.*onnxruntime"):
        choose_backend(whole, "tensorrt", "cpu")
    with pytest.raises(ModelError, match=r"'gpu'.*cuda"):
        choose_backend(whole, "torch", "gpu")


@pytest.fixture
def no_cuda(monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(backend_choice, "_torch_has_cuda", lambda: False)


@pytest.mark.parametrize("asked", BACKENDS)
def test_a_device_that_is_not_there_is_refused(asked, whole, no_cuda):
    with pytest.raises(ModelError, match=r"device 'cuda'.*CUDA build of torch"):
        choose_backend(whole, asked, "cuda")


@pytest.mark.parametrize("asked", BACKENDS)
def test_a_driver_without_an_engine_for_it_leaves_the_processor(asked, whole, no_cuda, monkeypatch):
    monkeypatch.setattr(backend_choice, "cuda_is_here", lambda: True)
    backend, notices = choose_backend(whole, asked, "auto")
    assert backend.name == ("onnxruntime" if asked == "auto" else asked)
    assert (backend.device, notices) == ("cpu", ())


def test_torch_is_asked_for_its_build_without_an_import(monkeypatch, tmp_path):
    assert backend_choice._torch_has_cuda() is (torch.version.cuda is not None)
    found = importlib.machinery.ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found)
    for line, built in (("cuda = '12.8'", True), ("cuda = None", False), ("", False)):
        (tmp_path / "version.py").write_text(line)
        assert backend_choice._torch_has_cuda() is built
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not backend_choice._torch_has_cuda()


class Driver:
    """NVIDIA's driver with so many devices."""

    def __init__(self, devices):
        self.devices = devices

    def cuInit(self, flags):  # noqa: N802, the driver's name
        return 0

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = self.devices
        return 0


@pytest.mark.parametrize(("devices", "here"), [(None, False), (0, False), (2, True)])
def test_the_driver_is_asked_whether_cuda_is_here(devices, here, monkeypatch):
    def load(name):
        if devices is None:
            raise OSError(name)
        return Driver(devices)

    monkeypatch.setattr("ctypes.CDLL", load)
    assert backend_choice.cuda_is_here.__wrapped__() is here


def test_auto_takes_the_accelerator_where_an_engine_has_it(whole, monkeypatch):
    class Accelerated:
        name = "torch"

        def __init__(self, network, device):
            self.device = device
            self.run = TorchBackend(network, "cpu").run

    monkeypatch.setattr("tactile_equiv.torch_backend.TorchBackend", Accelerated)
    monkeypatch.setattr(backend_choice, "_torch_has_cuda", lambda: True)
    monkeypatch.setattr(backend_choice, "cuda_is_here", lambda: True)
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    backend, notices = choose_backend(whole, "auto", "auto")
    assert (backend.name, backend.device, notices) == ("torch", "cuda", ())
