import numpy as np
import pytest

from tactile_equiv.discriminant import linear_discriminant


def classes(seed=0, count=40):
    """Two classes that differ along an axis beside one on which each varies far more."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    values = np.stack([20 * random.standard_normal(count), labels + 0.0], axis=1)
    values[:, 1] += 0.02 * values[:, 0] + 0.05 * random.standard_normal(count)
    return values, labels


def test_what_varies_within_classes_is_discounted():
    values, labels = classes()
    unseen, truth = classes(seed=1)
    right = linear_discriminant(values, labels, 0.01).scores(unseen).argmax(axis=1) == truth
    nearest_mean = linear_discriminant(values, labels, 1.0).scores(unseen).argmax(axis=1) == truth
    assert right.all() and not nearest_mean.all()


def test_two_classes_of_known_spread_give_the_log_odds_of_their_normal_distributions():
    deviations = np.array([-1.0, 1.0])
    values = np.concatenate([deviations, 4 + deviations])[:, None]  # variance 1 within each
    fitted = linear_discriminant(values, np.array([0, 0, 1, 1]), 1e-9)
    odds = fitted.scores(np.array([[2.0], [3.0]]))
    np.testing.assert_allclose(odds[:, 1] - odds[:, 0], [0.0, 4.0], atol=1e-6)


@pytest.mark.parametrize("values", [np.zeros((4, 3)), np.ones((4, 3))])
def test_features_that_never_vary_do_no_harm(values):
    fitted = linear_discriminant(values, np.array([0, 1, 0, 1]), 0.1)
    assert np.isfinite(fitted.scores(values)).all()
