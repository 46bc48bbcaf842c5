"""Exact on real touch over time: a recorded grasp, moved over a larger skin and to a later time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tactile_equiv.card import Card
from tactile_equiv.model import assemble
from tactile_equiv.network import TactileNetwork
from tactile_equiv.sequence_dataset import last_of_each_class, load_sequences
from tactile_equiv.sequence_percept import perceive_sequence
from tactile_equiv.sequence_settings import HAND, SequenceSettings
from tactile_equiv.sequence_training import fitting_sequence_normalisation
from tactile_equiv.spectrogram import Spectrum


def loaded(data_directory, name, frames=("frames",)):
    file = data_directory / name / "train.npz"
    if not file.is_file():
        pytest.skip(f"no {file}: set TACTILE_EQUIV_DATA to the directory of the recordings")
    return load_sequences(file, frames)


def test_sliding_over_materials_is_read(data_directory):
    dataset = loaded(data_directory, "roboskin_textures")
    assert len(dataset) == 800 and dataset.shape == (6, 10, 1)
    assert np.bincount(dataset.fold).tolist() == [200] * 4


OVER_PITCH = Spectrum(16, 8, octave=2, reach=2)


@pytest.mark.parametrize(
    "sizes",
    [
        SequenceSettings(channels=(4, 8), dilations=(1, 2), spectrum=replace(OVER_PITCH, reach=0)),
        SequenceSettings(channels=(4, 8), dilations=(1, 2), spectrum=OVER_PITCH),
        replace(HAND, channels=(8,)),
    ],
    ids=["bins as channels", "over pitch", "a hand"],
)
def test_a_grasp_moved_over_the_skin_and_by_hops_has_the_same_bits(data_directory, sizes):
    dataset = loaded(data_directory, "sdh2_grasps", ("fingertip_1", "fingertip_2"))
    assert last_of_each_class(dataset.labels, 0.2).sum() == 137
    torch.manual_seed(0)
    network = TactileNetwork(sizes.architecture(len(dataset.class_names), 2)).eval()
    normalisation = fitting_sequence_normalisation(dataset, range_in_scales=sizes.range_in_scales)
    card = Card(
        "grasps",
        "",
        dataset.class_names,
        network.architecture,
        normalisation,
        spectrum=sizes.spectrum,
    )
    model, grasp = assemble(network, card), dataset.sequences[300]
    patterns = set()
    for row, column, frame in ((3, 2, 16), (0, 0, 40), (7, 6, 24)):
        recording = np.zeros((len(grasp) + 64, 20, 12, 2), np.float32)
        recording[frame : frame + len(grasp), row : row + 13, column : column + 6] = grasp
        patterns.add(perceive_sequence(model, recording).pooled.tobytes())
    assert len(patterns) == 1
