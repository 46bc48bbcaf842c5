"""Exact on real touch: presses cut out of recordings, at every position that holds them."""

import cv2
import numpy as np
import pytest

from tactile_equiv.architecture import Architecture
from tactile_equiv.dataset import load_dataset
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import Normalisation
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.symmetry import measure_shifts, subject_of

PROMISE = 1e-6
TOUCHED = 6  # counts
PRESSES = 3


@pytest.fixture(scope="module")
def recordings(data_directory):
    file = data_directory / "tekscan_objects" / "train.npz"
    if not file.is_file():
        pytest.skip(f"no {file}: set TACTILE_EQUIV_DATA to the directory of the recordings")
    return load_dataset(file)


@pytest.fixture(scope="module")
def presses(recordings):
    """Real presses that lie wholly inside the array, each of another class, with room to move."""
    found = {}
    for frame, label in zip(recordings.frames, recordings.labels, strict=True):
        if label not in found and (patch := cut_out(frame)) is not None:
            found[label] = patch
        if len(found) == PRESSES:
            break
    assert len(found) == PRESSES
    return [patch.astype(np.float32) for patch in found.values()]


def cut_out(frame):
    """The largest press of a frame, or None where the border cuts it or it leaves little room."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((frame > TOUCHED).astype(np.uint8))
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()) if len(stats) > 1 else 0
    left, top, width, height, area = stats[largest]
    rows, columns = frame.shape
    inside = top > 0 and left > 0 and top + height < rows and left + width < columns
    if largest == 0 or not inside or area < 20 or height > 20 or width > 20:
        return None
    patch = np.where(labels == largest, frame, 0)
    return patch[top : top + height, left : left + width]


@pytest.fixture(scope="module", params=["torch", "auto"])
def shipped(request):
    try:
        return load_model(find_model("tekscan_objects"), request.param, "cpu")
    except ModelError as error:
        if "no model" in str(error):
            pytest.skip(f"no model is shipped yet: {error}")
        raise


def assert_exact(model, patch, rows, columns):
    errors = measure_shifts(subject_of(model), patch, rows, columns)
    assert errors.positions == (rows - patch.shape[0] + 1) * (columns - patch.shape[1] + 1)
    assert errors.map_error <= PROMISE
    assert errors.pooled_drift <= PROMISE
    assert errors.class_flips == 0
    assert errors.empty_ripple == errors.empty_pooled == 0.0


def test_the_shipped_model_is_exact_on_real_presses(shipped, presses, recordings):
    for patch in presses:
        assert_exact(shipped, patch, *recordings.frames.shape[1:])


def test_the_shipped_model_sees_real_presses_as_contacts(shipped, presses):
    for patch in presses:
        frame = np.pad(patch, 9)
        (largest, *_) = perceive(shipped, frame).contacts
        assert not largest.clipped
        assert largest.load > 0.5 * patch.sum()


def test_untrained_weights_are_exact_on_real_presses(presses, make_network, make_model):
    network = make_network(Architecture(5), seed=4)
    model = make_model(network, Normalisation(3.0, 8.0, "logarithmic"))
    assert_exact(model, presses[0], 20, 30)
