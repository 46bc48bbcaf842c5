"""Accuracy counts what `perceive` says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import DataError, FrameError
from tactile_equiv.evaluation import Evaluation, evaluate
from tactile_equiv.percept import perceive

NAMES = ("felt", "glass", "brick")


@pytest.fixture(scope="module")
def presses():
    frames = np.zeros((12, 8, 9), np.float32)
    for frame in range(12):
        patch = np.random.default_rng(frame).uniform(0.5, 3, (3, 3))
        frames[frame, 2:5, 3:6] = patch
    return frames


def test_counts_are_what_perceive_says(touch_model, presses):
    labels = np.arange(12) % 3
    result = evaluate(touch_model, Dataset(presses, labels, NAMES))
    true = np.zeros((3, 3), int)
    for frame, label in zip(presses, labels, strict=True):
        true[label, perceive(touch_model, frame).texture.index] += 1
    np.testing.assert_array_equal(result.confusion, true)
    assert result.accuracy == np.trace(true) / 12
    assert not result.no_contact.any()


def test_classes_are_matched_by_name_not_by_index(touch_model, presses):
    labels = np.arange(12) % 3
    straight = evaluate(touch_model, Dataset(presses, labels, NAMES))
    order = [2, 0, 1]  # a data set that lists the classes otherwise
    shuffled = Dataset(presses, np.argsort(order)[labels], tuple(NAMES[k] for k in order))
    np.testing.assert_array_equal(evaluate(touch_model, shuffled).confusion, straight.confusion)


def test_a_data_set_may_have_fewer_classes_than_the_model(touch_model, presses):
    result = evaluate(touch_model, Dataset(presses, np.zeros(12, int), ("glass",)))
    assert result.per_class.tolist() == [0, 12, 0]
    assert result.mean_per_class_accuracy == result.accuracy


def test_a_class_that_the_model_does_not_know_is_named(touch_model, presses):
    data = Dataset(presses, np.zeros(12, int), ("silk",), "other.npz")
    with pytest.raises(DataError, match=r"other\.npz has class silk.*felt, glass, brick"):
        evaluate(touch_model, data)


def test_a_frame_without_contact_counts_as_wrong(touch_model, presses):
    frames = presses.copy()
    frames[[0, 4, 5]] = 0
    result = evaluate(touch_model, Dataset(frames, np.arange(12) % 3, NAMES))
    assert result.no_contact.tolist() == [1, 1, 1]
    assert result.per_class.tolist() == [4, 4, 4]
    assert result.confusion.sum() == 9
    nothing = evaluate(touch_model, Dataset(0 * presses, np.arange(12) % 3, NAMES))
    assert nothing.accuracy == nothing.mean_per_class_accuracy == 0.0


def test_a_frame_that_cannot_be_perceived_is_an_error(touch_model, presses):
    data = Dataset(np.full_like(presses, np.nan), np.zeros(12, int), ("felt",))
    with pytest.raises(FrameError):
        evaluate(touch_model, data)


def test_mean_per_class_accuracy_weighs_classes_alike():
    confusion = np.array([[90, 10, 0], [0, 1, 1], [0, 0, 0]])
    result = Evaluation(NAMES, confusion, np.array([0, 2, 0]))
    assert result.accuracy == 91 / 104
    assert result.mean_per_class_accuracy == pytest.approx((0.9 + 0.25) / 2)


def test_json_holds_what_the_interface_promises(touch_model, presses):
    result = evaluate(touch_model, Dataset(presses, np.arange(12) % 3, NAMES))
    values = json.loads(json.dumps(result.to_json()))
    assert values["n"] == 12
    assert values["accuracy"] == result.accuracy
    assert values["mean_per_class_accuracy"] == result.mean_per_class_accuracy
    assert np.array(values["confusion"]).shape == (3, 3)
    assert values["class_names"] == list(NAMES)


def test_the_model_is_not_asked_about_labels(touch_model, presses):
    """Other labels, same answers."""
    one = evaluate(touch_model, Dataset(presses, np.arange(12) % 3, NAMES))
    other = evaluate(touch_model, Dataset(presses, (np.arange(12) + 1) % 3, NAMES))
    np.testing.assert_array_equal(one.confusion.sum(axis=0), other.confusion.sum(axis=0))
    assert replace(one, confusion=other.confusion).per_class.sum() == 12
