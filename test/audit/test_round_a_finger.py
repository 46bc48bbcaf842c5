"""The audit round a finger: what is circular on one axis and grows along the other passes."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tactile_equiv.audit import audit
from tactile_equiv.audit.command import add_parser
from tactile_equiv.audit.stimuli import Stage, smooth_contact, steep_contact
from tactile_equiv.errors import SettingsError

SHAPE = (1, 16, 20)
CIRCULAR, GROWING = {"mode": "circular"}, {}


class Padded(nn.Module):
    """Two 3x3 layers, the feature map and a head on its sums; `down`, `along` pad rows, columns."""

    def __init__(self, down, along, stride=1):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(1, 5, 3, bias=False)
        self.second = nn.Conv2d(5, 4, 3, bias=False, stride=stride)
        self.head = nn.Linear(4, 3)
        self.down, self.along = down, along

    def pad(self, x):
        for options, sides in ((self.down, (0, 0, 1, 1)), (self.along, (1, 1, 0, 0))):
            width = sides if options else tuple(2 * side for side in sides)
            x = functional.pad(x, width, **options)
        return x

    def forward(self, x):
        x = functional.gelu(self.first(self.pad(x)))
        x = functional.gelu(self.second(self.pad(x)))
        return x, self.head(x.sum((2, 3)))


def verdict(down, along, topology, **options):
    return audit(Padded(down, along, **options), SHAPE, seeds=1, topology=topology)


@pytest.mark.parametrize(
    ("down", "along", "topology", "failed"),
    [
        (CIRCULAR, GROWING, "cylinder_rows", ()),
        (GROWING, CIRCULAR, "cylinder_cols", ()),
        (GROWING, GROWING, "plane", ()),
        (GROWING, GROWING, "cylinder_rows", ("border", "pooled_drift")),
        (GROWING, CIRCULAR, "cylinder_rows", ("border", "pooled_drift")),
        (CIRCULAR, CIRCULAR, "cylinder_rows", ("border",)),
        (CIRCULAR, GROWING, "plane", ("border",)),
    ],
)
def test_only_a_network_that_wraps_round_the_finger_and_grows_along_it_passes(
    down, along, topology, failed
):
    report = verdict(down, along, topology)
    assert report.passed() == (not failed)
    assert set(failed) <= {finding.limit_name for finding in report.verdict.findings}


def test_a_stride_fails_round_a_finger_too():
    names = {
        finding.limit_name
        for finding in verdict(CIRCULAR, GROWING, "cylinder_rows", stride=2).verdict.findings
    }
    assert "integer" in names


def test_the_shipped_model_is_exact_round_a_finger_thinner_than_it_sees():
    report = audit("simulated_textures", (1, 12, 10), seeds=1, topology="cylinder_cols")
    assert report.passed(), str(report.verdict)
    assert report.stimulus["topology"] == "cylinder_cols"
    assert {one.layer.shape[2] for one in report.layers if one.layer.is_map} == {10}


@pytest.mark.parametrize("axis", [0, 1])
def test_a_contact_goes_on_beyond_the_seam(axis):
    stage = Stage((1, 12, 12), axis=axis)
    contact = steep_contact(stage, 0)
    still = stage.frame(contact, 4, 4)
    for turn in range(-9, 9):
        place = (4 + turn, 4) if axis == 0 else (4, 4 + turn)
        np.testing.assert_array_equal(stage.frame(contact, *place), np.roll(still, turn, 1 + axis))
    contact = smooth_contact(Stage((1, 24, 24)), 0)
    plane, ring = Stage((1, 24, 24)), Stage((1, 24, 24), axis=axis)
    np.testing.assert_allclose(
        ring.frame(contact, 6.5, 6.25), plane.frame(contact, 6.5, 6.25), atol=1e-3
    )


def test_an_unknown_topology_is_refused():
    with pytest.raises(SettingsError, match="cylinder_rows"):
        verdict(CIRCULAR, GROWING, "torus")


def test_the_command_takes_the_topology(capsys):
    import argparse

    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(required=True))
    given = ["audit", "networks:zero_padded", "--input", "1x16x12", "--seeds", "1"]
    options = parser.parse_args([*given, "--topology", "cylinder_cols"])
    assert options.run(options) == 1
    assert "border" in capsys.readouterr().out
