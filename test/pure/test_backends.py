"""A back end is used only after it proved that it computes what torch computes."""

import builtins

import numpy as np
import pytest
import torch

from tactile_equiv import model_directory
from tactile_equiv.backends import (
    PARITY_TOLERANCE,
    TorchBackend,
    choose_backend,
    choose_device,
    measure_parity,
)
from tactile_equiv.errors import ModelError
from tactile_equiv.network import ACTIVATIONS, Architecture

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")


@pytest.fixture(scope="module")
def exported(tmp_path_factory, small_network):
    """The small network as ONNX."""
    pytest.importorskip("onnx", reason="the export needs onnx")
    pytest.importorskip("onnxruntime", reason="the comparison needs onnxruntime")
    return export(small_network, tmp_path_factory)


def export(network, tmp_path_factory):
    file = tmp_path_factory.mktemp("onnx") / "network.onnx"
    assert model_directory.export_onnx(network, file)
    return file


def test_onnxruntime_computes_what_torch_computes(exported, small_network):
    backend, notices = choose_backend(small_network, exported, "auto", "cpu")
    assert (backend.name, backend.device, notices) == ("onnxruntime", "cpu", ())
    reference = TorchBackend(small_network, "cpu")
    for size in ((1, 1), (3, 40), (28, 50), (31, 7)):
        frame = np.random.default_rng(0).uniform(0, 3, (1, *size)).astype(np.float32)
        for seen, true in zip(backend.run(frame), reference.run(frame), strict=True):
            assert seen.shape == true.shape
            np.testing.assert_allclose(seen, true, atol=PARITY_TOLERANCE * np.abs(true).max())


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_and_channel_count_survives_the_export(
    activation, exported, tmp_path_factory, make_network
):
    network = make_network(Architecture(2, 3, (5, 3), (1, 2), 3, activation))
    backend, notices = choose_backend(
        network, export(network, tmp_path_factory), "onnxruntime", "cpu"
    )
    assert (backend.name, notices) == ("onnxruntime", ())
    colours_last = np.random.default_rng(0).random((6, 7, 3)).astype(np.float32)
    frame = np.moveaxis(colours_last, 2, 0)
    true = TorchBackend(network, "cpu").run(frame)
    np.testing.assert_allclose(backend.run(frame)[1], true[1], atol=1e-4)
    for part in backend.run(np.zeros((3, 5, 9), np.float32)):
        assert not part.any()


@pytest.mark.parametrize("asked", ["auto", "onnxruntime"])
def test_the_export_of_another_network_is_refused_by_name(
    asked, exported, make_network, small_network
):
    other = make_network(small_network.architecture, 5)
    backend, (notice,) = choose_backend(other, exported, asked, "cpu")
    assert backend.name == "torch"
    assert "onnxruntime is refused" in notice and "differs from torch" in notice


def test_a_file_that_is_no_onnx_is_refused_and_torch_is_used(tmp_path, small_network):
    pytest.importorskip("onnxruntime")
    (tmp_path / "network.onnx").write_bytes(b"not a network")
    backend, (notice,) = choose_backend(small_network, tmp_path / "network.onnx", "auto", "cpu")
    assert backend.name == "torch"
    assert "onnxruntime is refused" in notice


def test_a_model_without_an_export_says_so(small_network):
    backend, (notice,) = choose_backend(small_network, None, "onnxruntime", "cpu")
    assert backend.name == "torch"
    assert "no network.onnx" in notice


@pytest.mark.parametrize(("asked", "told"), [("auto", 0), ("onnxruntime", 1), ("torch", 0)])
def test_without_onnxruntime_torch_is_used(asked, told, tmp_path, small_network, monkeypatch):
    real_import = builtins.__import__

    def without_onnxruntime(name, *rest, **named):
        if name == "onnxruntime":
            raise ImportError(name)
        return real_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_onnxruntime)
    backend, notices = choose_backend(small_network, tmp_path / "network.onnx", asked, "cpu")
    assert backend.name == "torch"
    assert len(notices) == told


class Altered:
    """Torch, with a change of its answers."""

    name, device = "altered", "cpu"

    def __init__(self, network, change):
        self._torch = TorchBackend(network, "cpu")
        self._change = change

    def run(self, frame):
        return tuple(self._change(part) for part in self._torch.run(frame))


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (lambda part: part, True),
        (lambda part: part * np.float32(1 + 1e-5), True),
        (lambda part: part * np.float32(1.001), False),
        (lambda part: part + np.float32(1e-12), False),
        (lambda part: part * np.float32(np.nan), False),
        (lambda part: np.where(part > 0, np.float32(np.nan), part), False),
        (lambda part: np.where(part == 0, np.float32(np.nan), part), False),
    ],
    ids=["same", "rounding", "scaled", "ripple", "nan", "nan when touched", "nan when empty"],
)
def test_parity_is_close_agreement_and_an_exactly_empty_answer(change, holds, small_network):
    reference = TorchBackend(small_network, "cpu")
    assert measure_parity(Altered(small_network, change), reference, 1).holds is holds


@pytest.mark.parametrize("change", [lambda part: part[..., 1:], lambda part: part[..., :1]])
def test_parity_of_maps_of_another_size_does_not_hold(change, small_network):
    reference = TorchBackend(small_network, "cpu")
    assert not measure_parity(Altered(small_network, change), reference, 1).holds


@pytest.mark.parametrize("broken", [0, 1])
def test_one_part_that_is_no_number_breaks_parity(broken, small_network):
    class Partly(Altered):
        def run(self, frame):
            parts = list(super().run(frame))
            parts[broken] = np.full_like(parts[broken], np.nan)
            return tuple(parts)

    reference = TorchBackend(small_network, "cpu")
    parity = measure_parity(Partly(small_network, lambda part: part), reference, 1)
    assert not parity.relative_error <= PARITY_TOLERANCE
    assert parity.empty_maximum != 0.0


def test_unknown_names_are_refused_with_the_right_ones(small_network):
    with pytest.raises(ModelError, match=r"'tensorrt'.*onnxruntime"):
        choose_backend(small_network, None, "tensorrt", "cpu")
    with pytest.raises(ModelError, match=r"'gpu'.*cuda"):
        choose_backend(small_network, None, "torch", "gpu")


def test_a_device_that_is_not_there_is_refused(monkeypatch, small_network):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match=r"no CUDA device.*'cpu'"):
        choose_backend(small_network, None, "torch", "cuda")
    assert choose_device("auto") == choose_device("cpu") == "cpu"


def test_auto_takes_the_accelerator_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == choose_device("cuda") == "cuda"
    assert choose_device("cpu") == "cpu"
