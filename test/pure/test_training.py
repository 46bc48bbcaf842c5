"""A very short training learns, repeats itself and stops."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tactile_equiv.dataset import Dataset, split_at_random
from tactile_equiv.errors import DataError
from tactile_equiv.evaluation import evaluate
from tactile_equiv.frame import Normalisation
from tactile_equiv.press import Press, pressure
from tactile_equiv.symmetry import measure_shifts, subject_of
from tactile_equiv.training import TrainingSettings, fitting_normalisation, levelled, train

SHORT = TrainingSettings(
    steps=20, batch=12, simulated=2, validation=0, channels=(4, 6), dilations=(1, 2)
)
NORMALISATION = Normalisation(3.0, 8.0, "logarithmic")


@pytest.fixture(scope="module")
def presses():
    """Balls and bars, pressed here and there, counts of 0 to 200."""
    random = np.random.default_rng(0)
    frames, labels = [], np.arange(24) % 2
    for label in labels:
        row, column = random.uniform(5, 9), random.uniform(5, 11)
        press = Press(("ball", "bar")[label], row, column, random.uniform(0, 3), 3.5)
        frames.append(np.rint(200 * pressure(press, 15, 17)))
    return Dataset(np.array(frames).astype(np.uint8), labels, ("ball", "bar"), "presses.npz")


@pytest.fixture(scope="module")
def trained(presses):
    losses = []
    settings = replace(SHORT, steps=120, contact_weight=2.0)
    training = train(
        presses, NORMALISATION, settings, lambda step, now: losses.append((step, dict(now)))
    )
    return training, losses


def test_every_loss_falls(trained):
    training, losses = trained
    assert training.steps == len(losses) == 120
    assert [step for step, _ in losses] == list(range(1, 121))
    for name in ("texture", "contact", "simulated_contact"):
        values = [loss[name] for _, loss in losses]
        assert np.isfinite(values).all()
        assert np.mean(values[-10:]) < np.mean(values[:5]), name
    assert training.losses == losses[-1][1]


def test_a_trained_network_knows_the_presses_and_is_still_exact(trained, presses, make_model):
    training, _ = trained
    assert not training.network.training
    model = make_model(training.network, NORMALISATION)
    data = Dataset(presses.frames, presses.labels, model.card.classes)
    assert evaluate(model, data).accuracy > 0.75
    patch = pressure(Press("bar", 3, 3, 0.5, 3.0), 7, 7) * 150
    errors = measure_shifts(subject_of(model), patch, 19, 20)
    assert errors.map_error <= 1e-6 and errors.pooled_drift <= 1e-6
    assert errors.class_flips == 0 and errors.empty_pooled == 0.0


def weights(training):
    return torch.cat([value.flatten() for value in training.network.state_dict().values()])


def test_the_same_seed_gives_the_same_weights(presses):
    one, other = (train(presses, NORMALISATION, SHORT) for _ in range(2))
    assert torch.equal(weights(one), weights(other))
    third = train(presses, NORMALISATION, replace(SHORT, seed=1, steps=2))
    assert not torch.equal(weights(one), weights(third))


def test_averaged_weights_are_kept_in_place_of_the_last(presses):
    last, none, averaged = (
        train(presses, NORMALISATION, replace(SHORT, steps=5, averaging=share))
        for share in (0.0, 1e-9, 0.5)
    )
    torch.testing.assert_close(weights(none), weights(last), atol=1e-6, rtol=1e-6)
    assert not torch.allclose(weights(averaged), weights(last))


def test_a_training_that_gets_worse_stops_and_keeps_the_best(presses):
    losses = []
    settings = replace(
        SHORT, steps=200, validation=0.25, check_every=2, patience=2, learning_rate=2.0
    )
    training = train(presses, NORMALISATION, settings, lambda _, now: losses.append(now))
    looks = [now["validation"] for now in losses if "validation" in now]
    assert training.steps < 200
    assert training.steps == len(losses) == 2 * len(looks)
    assert len(looks) - 1 - int(np.argmin(looks)) == 2
    watched = presses.subset(split_at_random(presses, 0.25, settings.seed))
    with torch.no_grad():
        canvas = training.network.features(levelled(watched.frames, NORMALISATION))
        logits = training.network.texture_logits(canvas)
    kept = torch.nn.functional.cross_entropy(logits, torch.from_numpy(watched.labels))
    assert float(kept) == pytest.approx(min(looks), rel=1e-4)


def test_without_simulated_presses_the_real_ones_teach_contact_alone(presses):
    training = train(presses, NORMALISATION, replace(SHORT, steps=3, simulated=0))
    assert torch.isfinite(weights(training)).all()


def test_a_sensor_without_noise_may_have_no_dead_zone(presses):
    training = train(presses, Normalisation(0.0, 8.0), replace(SHORT, steps=3))
    assert torch.isfinite(weights(training)).all()


def test_colour_frames_train_a_colour_network(presses):
    colour = np.repeat(presses.frames[..., None], 3, axis=3)
    data = Dataset(colour, presses.labels, presses.class_names)
    training = train(data, NORMALISATION, replace(SHORT, steps=2))
    assert training.network.architecture.input_channels == 3


def test_one_class_is_refused(presses):
    data = Dataset(presses.frames, 0 * presses.labels, ("ball",), "one.npz")
    with pytest.raises(DataError, match=r"one\.npz has one class"):
        train(data, NORMALISATION, SHORT)


def test_validation_must_leave_something_to_train_on(presses):
    with pytest.raises(DataError, match="share below 1"):
        train(presses, NORMALISATION, replace(SHORT, validation=1.0))


def test_normalisation_follows_the_range_of_the_sensor(presses):
    counts = fitting_normalisation(presses)
    wider = Dataset(presses.frames * np.float64(257), presses.labels, presses.class_names)
    assert fitting_normalisation(wider).dead_zone == pytest.approx(257 * counts.dead_zone)
    assert fitting_normalisation(wider).scale == pytest.approx(257 * counts.scale)
    assert 0 < counts.dead_zone < counts.scale < 255
    given = fitting_normalisation(presses, 1.5, 4.0)
    assert (given.dead_zone, given.scale) == (1.5, 4.0)


def test_frames_become_network_input():
    frames = np.zeros((2, 3, 4, 3), np.uint8)
    frames[1, 2, 3] = [0, 10, 20]
    seen = levelled(frames, Normalisation(4.0, 2.0))
    assert seen.shape == (2, 3, 3, 4)
    assert seen[1, :, 2, 3].tolist() == [0.0, 3.0, 8.0]
