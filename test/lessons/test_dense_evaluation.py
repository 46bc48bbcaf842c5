"""One pass gives what every patch gives, but where a patch's own border reaches."""

from time import perf_counter

import pytest
import torch

from tactile_equiv.lessons.dense_evaluation import (
    CORNERS,
    GROWING,
    PADDINGS,
    VALID,
    ZERO,
    features,
    multiplications,
    network,
    patches,
    two_contacts,
    work,
)

LESSON = "dense_evaluation"


@pytest.mark.parametrize("name", PADDINGS)
def test_out_of_reach_of_the_border_every_patch_is_the_same(table, name):
    assert table(LESSON).value(name, "d>=3") < 1e-5


@pytest.mark.parametrize("name", [VALID, GROWING])
def test_patches_that_cut_no_contact_are_the_same_to_their_border(table, name):
    assert table(LESSON).value(name, "uncut contacts") < 1e-5


def test_zero_padding_with_biases_never_is(table):
    assert table(LESSON).value(ZERO, "uncut contacts") > 0.05


@pytest.mark.parametrize("name", [ZERO, GROWING])
def test_a_cut_contact_is_another_contact(table, name):
    assert table(LESSON).value(name, "d=0") > 0.1


def test_multiplications_are_those_of_the_layers():
    assert multiplications(7, 7, 0) == 9 * (25 * 8 + 9 * 64 + 64)
    assert work(1, 24, 24) == 1


@torch.no_grad()
def test_one_pass_is_many_times_faster_than_all_patches_in_one_batch():
    subject, frame = network(ZERO), two_contacts()
    cut = patches(frame, CORNERS)
    least = {"dense": float("inf"), "patches": float("inf")}
    for _ in range(3):
        for name, frames in (("dense", frame), ("patches", cut)):
            start = perf_counter()
            features(subject, ZERO, frames)
            least[name] = min(least[name], perf_counter() - start)
    assert least["patches"] > 3 * least["dense"]  # 21 times the multiplications
