"""What the list of models says follows from their cards, and what a card lacks is named."""

from dataclasses import replace

import pytest

from tactile_equiv.errors import ModelError
from tactile_equiv.latency import latency_of
from tactile_equiv.model_directory import load_card
from tactile_equiv.model_export import save_model
from tactile_equiv.model_list import equivariance_error, missing_from, summary_of
from tactile_equiv.spectrogram import Spectrum

EXACT = {"map_error": 2e-7, "pooled_drift": 0.0}
TURNED = {"map_error": 0.3, "pooled_drift": 0.4}


@pytest.fixture
def card(make_card, small_network):
    return replace(
        make_card(small_network),
        training={
            "data": "presses.npz",
            "data_sha256": "0" * 64,
            "command": "tactile-equiv train presses.npz --out lively",
            "settings": {"seed": 0},
        },
        measured={
            "accuracy_on_training_data": 0.99,
            "by_position": {
                "split": "the right side tests",
                "mean_per_class_accuracy": 0.9,
                "standard_deviation": 0.02,
            },
            "shifts": EXACT,
            "turns": {"quarter_turn": TURNED, "mirror": TURNED},
        },
        sha256={"weights.safetensors": "0" * 64},
        latency=latency_of(small_network.architecture, 6, 9).to_json(),
    )


def test_a_line_says_what_the_card_says(card, small_network, tmp_path):
    save_model(tmp_path / "m", small_network, card)
    line = summary_of(tmp_path / "m")
    assert (line.name, line.classes, line.input) == ("lively", 3, "6x9")
    assert line.weights == small_network.architecture.weights
    assert line.bytes == (tmp_path / "m" / "weights.safetensors").stat().st_size
    assert (line.accuracy, line.spread, line.split) == (0.9, 0.02, "the right side tests")
    assert line.equivariance_error == 2e-7
    assert line.rate_hz == card.latency["rate_hz"]
    assert missing_from(load_card(tmp_path / "m")) == []


def test_a_bare_card_lists_and_names_all_it_lacks(make_card, small_network, tmp_path):
    bare = make_card(small_network)
    save_model(tmp_path / "m", small_network, bare)
    line = summary_of(tmp_path / "m")
    assert (line.input, line.accuracy, line.equivariance_error, line.rate_hz) == (
        "HxW",
        *3 * [None],
    )
    assert len(missing_from(replace(bare, sensor=""))) == 9


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sensor": ""}, "sensor"),
        ({"training": {}}, "training.settings.seed"),
        ({"measured": {"by_position": {"mean_per_class_accuracy": 1.0}}}, "split"),
        ({"measured": {"shifts": {}}}, "equivariance"),
        ({"sha256": {}}, "sha256"),
        ({"latency": {}}, "latency"),
        ({"latency": {"rows": 6, "columns": 9, "multiply_adds": 1, "rate_hz": 1000}}, "latency"),
    ],
)
def test_what_is_missing_or_does_not_follow_is_named(card, change, named):
    assert any(named in name for name in missing_from(replace(card, **change)))


def test_turns_count_where_the_network_promises_them(card):
    for symmetry, error in (("translation", 2e-7), ("c4", 0.4), ("d4", 0.4)):
        sizes = replace(card.architecture, symmetry=symmetry)
        assert equivariance_error(replace(card, architecture=sizes)) == error


def test_recordings_count_what_moves_by_whole_taxels_and_hops(card):
    moved = {"place": EXACT, "hops": {"map_error": 0.0, "pooled_drift": 3e-7}, "frames": TURNED}
    of_recordings = replace(
        card,
        spectrum=Spectrum(),
        architecture=replace(card.architecture, input_channels=Spectrum().channels),
        measured={"moved_stroke": moved},
    )
    assert equivariance_error(of_recordings) == 3e-7
    assert equivariance_error(replace(of_recordings, measured={})) is None


@pytest.mark.parametrize(
    "latency", [{"rows": 6}, {"rows": 6, "columns": 9, "multiply_adds": 1.5, "rate_hz": 30}]
)
def test_a_latency_of_another_kind_is_refused(card, latency):
    with pytest.raises(ModelError, match="latency of the card"):
        replace(card, latency=latency)
