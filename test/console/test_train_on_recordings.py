import json
from dataclasses import replace

import numpy as np
import pytest

from tactile_equiv.console import main
from tactile_equiv.model_directory import load_card
from tactile_equiv.sequence_settings import HAND
from tactile_equiv.spectrogram import Spectrum

SIZES = ["--window", "8", "--hop", "8", "--steps", "3", "--batch", "4"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    random, file = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "strokes.npz"
    sequences = np.zeros((8, 5, 6, 24), np.float32)
    sequences[:, 1:4, 2:5] = 50 + 20 * random.random((8, 3, 3, 24))
    labels = np.arange(8) % 2
    names = np.array(["coarse", "fine"])
    np.savez(file, sequences=sequences, labels=labels, class_names=names, fold=np.arange(8) // 4)
    return file


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("models") / "strokes"
    assert main(["train", str(data), "--out", str(out), "--by-fold", *SIZES]) == 0
    return out


def test_training_on_recordings_writes_a_model_with_its_spectrum_and_figures(data, model):
    card = load_card(model)
    assert card.classes == ("coarse", "fine")
    assert card.spectrum == Spectrum(window=8, hop=8)
    assert card.training["recordings"] == 8 and card.training["steps"] == 3
    assert len(card.measured["by_fold"]["folds"]) == 2
    moved = card.measured["moved_stroke"]
    assert moved["place"]["same_bits"] == moved["hops"]["same_bits"] == 1


def test_evaluate_and_symmetry_take_a_model_of_recordings(data, model, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    assert main(["evaluate", str(model), str(data), "--json", str(figures)]) == 0
    assert json.loads(figures.read_text())["n"] == 8
    assert "mean per-class accuracy" in capsys.readouterr().out
    command = ["symmetry", str(model), "--rows", "5", "--cols", "6", "--json", str(figures)]
    assert main(command) == 0
    assert json.loads(figures.read_text())["hops"]["pooled_drift"] == 0
    assert "moved in pitch" in capsys.readouterr().out


def test_over_pitch(data, tmp_path):
    sizes = ["--window", "16", "--hop", "16", "--octave", "2", "--reach", "2"]
    out = tmp_path / "model"
    command = ["train", str(data), "--out", str(out), "--steps", "1", "--batch", "2", *sizes]
    assert main(command) == 0
    assert load_card(out).spectrum == Spectrum(16, 16, octave=2, reach=2)


@pytest.fixture(scope="module")
def grasps(tmp_path_factory):
    random, file = np.random.default_rng(0), tmp_path_factory.mktemp("data") / "grasps.npz"
    frames = np.zeros((96, 5, 4), np.float32)
    frames[:, 1:4, 1:3] = 50 + 20 * random.random((96, 3, 2))
    others = {"t_ms": np.arange(96), "length": np.full(4, 24), "labels": np.arange(4) % 2}
    np.savez(file, left=frames, right=frames[::-1], **others)
    return file


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ([], HAND.spectrum),
        (["--no-apart", "--ends", "0"], replace(HAND.spectrum, apart=False, ends=0)),
    ],
)
def test_the_skins_of_a_hand_are_seen_apart_unless_told_otherwise(grasps, tmp_path, options, seen):
    out = tmp_path / "model"
    steps = ["--steps", "1", "--batch", "2", *options]
    assert main(["train", str(grasps), "--out", str(out), *steps]) == 0
    card = load_card(out)
    assert card.spectrum == seen and card.architecture.input_channels == 2 * seen.channels
    moved = card.measured["moved_stroke"]
    assert moved["place"]["same_bits"] == moved["hops"]["same_bits"] == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--validation", "0.1"], "is for single frames"),
        (["--position-seeds", "2"], "is for single frames"),
        (["--correlations"], "is for single frames"),
        (["--window", "16", "--hop", "5"], "whole number of hops"),
        (["--reach", "99"], "reach is 99"),
    ],
)
def test_options_that_do_not_fit_are_told_in_one_line(data, tmp_path, capsys, options, reason):
    assert main(["train", str(data), "--out", str(tmp_path / "model"), *options]) == 2
    told = capsys.readouterr().err
    assert reason in told and told.count("\n") == 1


def test_folds_are_needed_to_train_by_fold(data, tmp_path, capsys):
    with np.load(data) as content:
        values = {name: content[name] for name in ("sequences", "labels")}
    np.savez(tmp_path / "no_fold.npz", **values)
    command = ["train", str(tmp_path / "no_fold.npz"), "--out", str(tmp_path / "m"), "--by-fold"]
    assert main(command) == 2
    assert "has no fold" in capsys.readouterr().err


def test_a_model_of_frames_refuses_recordings_and_the_other_way_round(
    data, model, capsys, tmp_path
):
    assert main(["evaluate", "tekscan_objects", str(data)]) == 2
    frames = np.ones((2, 5, 6), np.float32)
    file = tmp_path / "frames.npz"
    np.savez(file, frames=frames, labels=np.arange(2), class_names=np.array(["coarse", "fine"]))
    assert main(["evaluate", str(model), str(file)]) == 2
    assert "trained on recordings" in capsys.readouterr().err
