"""Every engine computes what torch computes, on frames of any size, bit by bit under shifts."""

import cv2
import numpy as np
import pytest

from tactile_equiv.architecture import ACTIVATION_NAMES, Architecture
from tactile_equiv.backends import OPENCV, MissingBackendError, OnnxRuntimeBackend, OpenCvBackend
from tactile_equiv.errors import ModelError
from tactile_equiv.model_export import export_onnx
from tactile_equiv.parity import PARITY_TOLERANCE, measure_parity, probe_of
from tactile_equiv.symmetry import contained_positions, map_difference, placed
from tactile_equiv.torch_backend import TorchBackend

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")
ENGINES = {"onnxruntime": OnnxRuntimeBackend, "opencv": OpenCvBackend}
SIZES = ((1, 1), (3, 40), (28, 50), (31, 7), (3, 40))


def exported(network):
    pytest.importorskip("onnx", reason="the export needs onnx")
    return export_onnx(network)


def made(name, network):
    if name == "torch":
        return TorchBackend(network, "cpu")
    if name == "onnxruntime":
        pytest.importorskip("onnxruntime", reason="this engine is not installed")
    if name == "opencv" and int(cv2.__version__.split(".")[0]) < OPENCV:
        pytest.skip(f"this engine needs OpenCV {OPENCV}")
    return ENGINES[name](exported(network), "cpu")


@pytest.fixture(scope="module")
def wide_network(make_network):
    """Layers of 8 and 16 channels, whose exact zeros rest on the activation alone; radius 4."""
    return make_network(Architecture(3, channels=(8, 16, 16), dilations=(1, 1, 2)))


@pytest.fixture(scope="module", params=["onnxruntime", "opencv", "torch"])
def engine(request, wide_network):
    return made(request.param, wide_network)


def test_it_computes_what_torch_computes_at_every_size(engine, wide_network):
    reference = TorchBackend(wide_network, "cpu")
    for size in SIZES:
        frame = np.random.default_rng(0).uniform(0, 3, (1, *size)).astype(np.float32)
        for seen, true in zip(engine.run(frame), reference.run(frame), strict=True):
            assert seen.shape == true.shape and seen.dtype == np.float32
            np.testing.assert_allclose(seen, true, atol=PARITY_TOLERANCE * np.abs(true).max())


def test_untouched_skin_is_exactly_zero_at_every_size(engine):
    for rows in range(1, 12):
        for columns in range(1, 20):
            for part in engine.run(np.zeros((1, rows, columns), np.float32)):
                assert not part.any()


def test_a_shifted_contact_gives_the_same_bits_in_every_feature(engine, smooth_patch):
    """The map goes through tanh, whose vector and scalar code differ by up to 2e-7."""
    rows, columns = 13, 17
    true_map, true_canvas = engine.run(placed(smooth_patch, 4, 6, rows, columns)[None])
    for row, column in contained_positions(smooth_patch, rows, columns):
        contact_map, canvas = engine.run(placed(smooth_patch, row, column, rows, columns)[None])
        shift = row - 4, column - 6
        assert map_difference(contact_map, true_map, shift) <= 1e-6 * true_map.max()
        for features, true in zip(canvas, true_canvas, strict=True):
            assert map_difference(features, true, shift) == 0


def test_answers_outlive_the_next_frame(engine):
    press = np.ones((1, 5, 5), np.float32)
    contact_map, canvas = engine.run(press)
    before = contact_map.copy(), canvas.copy()
    engine.run(np.zeros((1, 5, 5), np.float32))
    np.testing.assert_array_equal(contact_map, before[0])
    np.testing.assert_array_equal(canvas, before[1])


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_every_activation_and_channel_count_survives_the_export(name, activation, make_network):
    network = make_network(Architecture(2, 3, (5, 3), (1, 2), 3, activation))
    engine, reference = made(name, network), TorchBackend(network, "cpu")
    assert measure_parity(engine, probe_of(reference, network.architecture)).holds
    colours_last = np.random.default_rng(0).random((6, 7, 3)).astype(np.float32)
    frame = np.moveaxis(colours_last, 2, 0)
    np.testing.assert_allclose(engine.run(frame)[1], reference.run(frame)[1], atol=1e-4)


@pytest.mark.parametrize("name", ENGINES)
def test_bytes_that_are_no_network_are_an_error(name):
    pytest.importorskip(name.replace("opencv", "cv2"))
    with pytest.raises(Exception, match=r"."):
        ENGINES[name](b"not a network", "cpu")


def test_an_opencv_that_is_too_old_is_refused_in_words(monkeypatch):
    monkeypatch.setattr("cv2.__version__", "4.13.0")
    with pytest.raises(ModelError, match=r"OpenCV 4\.13\.0 cannot.*install OpenCV 5"):
        OpenCvBackend(b"", "cpu")


@pytest.mark.parametrize("there", [True, False])
def test_onnxruntime_on_cuda_computes_in_full_precision_or_not_at_all(there, monkeypatch):
    onnxruntime = pytest.importorskip("onnxruntime")
    asked = []

    class Session:
        def __init__(self, onnx, options, providers, enable_fallback):
            asked.extend(providers)

        def get_providers(self):
            return [name for name, _ in asked if there] + ["CPUExecutionProvider"]

    known = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    if there:
        assert OnnxRuntimeBackend(b"", "cuda").device == "cuda"
    else:
        with pytest.raises(MissingBackendError, match="found no device"):
            OnnxRuntimeBackend(b"", "cuda")
    ((name, options),) = asked
    assert name == "CUDAExecutionProvider" and options["use_tf32"] == "0"


def test_a_device_that_an_engine_has_not_is_named(monkeypatch, small_network):
    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(MissingBackendError, match="CUDA build of onnxruntime"):
        OnnxRuntimeBackend(b"", "cuda")
    with pytest.raises(MissingBackendError, match="CPU only"):
        OpenCvBackend(b"", "cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(MissingBackendError, match="CUDA build of torch"):
        TorchBackend(small_network, "cuda")
