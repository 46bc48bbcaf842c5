"""A network over C4 or D4 turns with the frame on every engine, and gives up nothing for it."""

import json

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.architecture import CHANNELS, SYMMETRIES, Architecture
from tactile_equiv.backends import OPENCV, OnnxRuntimeBackend
from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import level
from tactile_equiv.group_convolution import GROUPS, act
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import (
    CARD_FILE,
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    find_model,
    load_card,
    load_network,
)
from tactile_equiv.model_export import export_onnx, save_model
from tactile_equiv.network import ACTIVATIONS, TactileNetwork, ZeroPreservingLayer
from tactile_equiv.percept import perceive
from tactile_equiv.symmetry import measure_shifts, placed, subject_of
from tactile_equiv.torch_backend import network_of
from tactile_equiv.touched_regions import evaluate
from tactile_equiv.training_settings import TrainingSettings
from tactile_equiv.turns import MIRRORS, QUARTER_TURNS, measure_turns

pytestmark = pytest.mark.filterwarnings("ignore:You are using the legacy:DeprecationWarning")
PROMISE, CAUGHT = 1e-6, 1e-2
SQUARE = ["c4", "d4"]
SENSOR = 15, 18
SIZES = {symmetry: Architecture(3, 1, (3, 4), (1, 2), symmetry=symmetry) for symmetry in SYMMETRIES}


@st.composite
def architectures(draw):
    layers = draw(st.integers(1, 3))
    return Architecture(
        classes=draw(st.integers(1, 4)),
        input_channels=draw(st.integers(1, 3)),
        channels=tuple(draw(st.lists(st.integers(1, 3), min_size=layers, max_size=layers))),
        dilations=tuple(draw(st.lists(st.integers(1, 2), min_size=layers, max_size=layers))),
        kernel=draw(st.sampled_from([1, 3])),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        symmetry=draw(st.sampled_from(SQUARE)),
        correlations=draw(st.booleans()),
    )


def frames_for(architecture, rows, columns, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, architecture.input_channels, rows, columns, generator=generator)


def relative_error(seen, true):
    return float((seen - true).abs().max() / true.abs().max().clamp(min=1e-3))


@pytest.fixture(scope="module")
def presses():
    """A press of 5 x 6 taxels in the middle and cut by a corner, and noise on every taxel."""
    random = np.random.default_rng(1)
    press = random.uniform(0.3, 2, (5, 6)).astype(np.float32)
    everywhere = random.uniform(0, 2, SENSOR).astype(np.float32)
    return placed(press, 5, 6, *SENSOR), placed(press, -2, 14, *SENSOR), everywhere


@pytest.fixture(scope="module", params=SQUARE)
def folder(request, tmp_path_factory, make_network, make_card):
    """A whole model directory."""
    pytest.importorskip("onnx", reason="the export needs onnx")
    network = make_network(SIZES[request.param])
    return save(tmp_path_factory.mktemp(request.param), network, make_card(network))


def save(path, network, card):
    save_model(path, network, card)
    return path


@pytest.fixture(scope="module", params=["onnxruntime", "opencv", "torch"])
def loaded(request, folder):
    """The model of the directory on every engine."""
    if request.param == "onnxruntime":
        pytest.importorskip("onnxruntime", reason="this engine is not installed")
    if request.param == "opencv" and int(cv2.__version__.split(".")[0]) < OPENCV:
        pytest.skip(f"this engine needs OpenCV {OPENCV}")
    model = load_model(folder, request.param, "cpu")
    assert (model.backend.name, model.notices) == (request.param, ())
    return model


@given(architecture=architectures(), size=st.tuples(st.integers(1, 8), st.integers(1, 8)))
def test_maps_turn_and_pooled_features_stay(architecture, size, make_network):
    network = make_network(architecture).double()
    frames = frames_for(architecture, *size).double()
    with torch.no_grad():
        contact_map, canvas = network(frames)
        scores = network.texture_logits(canvas)
        for element in GROUPS[architecture.symmetry].elements:
            turned_map, turned_canvas = network(act(element, frames))
            assert relative_error(turned_map, act(element, contact_map)) <= PROMISE
            assert relative_error(turned_canvas, act(element, canvas)) <= PROMISE
            pooled, after = network.pool(canvas), network.pool(turned_canvas)
            assert relative_error(after, pooled) <= PROMISE
            assert relative_error(network.texture_logits(turned_canvas), scores) <= PROMISE


@given(architecture=architectures(), size=st.tuples(st.integers(1, 8), st.integers(1, 8)))
def test_the_plain_network_answers_alike_and_is_plain(architecture, size, make_network):
    network = make_network(architecture)
    plain = network.plain()
    assert all(isinstance(layer, ZeroPreservingLayer) for layer in plain.trunk)
    frames = frames_for(architecture, *size)
    with torch.no_grad():
        for seen, true in zip(plain(frames), network(frames), strict=True):
            assert relative_error(seen, true) <= 3 * PROMISE
        assert not any(part.any() for part in network(0 * frames))
    learnt = [*plain.trunk.parameters(), *plain.texture_head.parameters()]
    assert architecture.plain_weights == sum(value.numel() for value in learnt)


def test_a_network_of_translations_is_plain_already(make_network):
    network = make_network(SIZES["translation"])
    assert network.plain() is network
    assert network.architecture.plain_weights == network.architecture.weights


@given(architecture=architectures())
def test_sizes_are_known_without_an_engine(architecture):
    network = TactileNetwork(architecture)
    state = network.state_dict()
    assert architecture.weight_shapes == {name: tuple(v.shape) for name, v in state.items()}
    learnt = [*network.trunk.parameters(), *network.texture_head.parameters()]
    assert architecture.weights == sum(value.numel() for value in learnt)
    assert Architecture.from_json(json.loads(json.dumps(architecture.to_json()))) == architecture


def test_every_symmetry_is_a_group_with_channels_of_about_as_many_weights():
    assert {name: group.order for name, group in GROUPS.items()} == SYMMETRIES
    counts = [
        Architecture(22, channels=CHANNELS[name], symmetry=name).weights for name in SYMMETRIES
    ]
    assert min(counts) > 0.85 * max(counts)


def test_every_engine_turns_with_the_frame(loaded, presses):
    subject = subject_of(loaded)
    elements = QUARTER_TURNS
    if loaded.card.architecture.symmetry == "d4":
        elements += MIRRORS
    errors = measure_turns(subject, presses, elements)
    assert errors.turned == len(presses) * len(elements)
    assert errors.map_error <= PROMISE and errors.pooled_drift <= PROMISE
    assert errors.score_drift <= PROMISE and errors.class_flips == 0
    assert subject(presses[0]).contact_map.max() > 0.1


def test_every_engine_is_as_exact_under_shifts_as_before(loaded, smooth_patch):
    errors = measure_shifts(subject_of(loaded), smooth_patch, *SENSOR)
    assert errors.map_error <= PROMISE and errors.phantom <= PROMISE
    assert errors.distinct_pooled == 1 and errors.class_flips == 0
    assert errors.empty_ripple == errors.empty_pooled == 0.0


def test_untouched_skin_is_exactly_zero_on_every_engine(loaded):
    for rows in range(1, 9):
        for columns in range(1, 16):
            for part in loaded.backend.run(np.zeros((1, rows, columns), np.float32)):
                assert not part.any()


def test_touched_regions_alone_give_the_numbers_of_the_whole_frame(loaded, presses):
    wide = np.zeros((40, 50), np.float32)
    wide[2:17, :18], wide[-15:, -18:] = presses[0], presses[1]
    regions = evaluate(loaded, level(wide, loaded.card.normalisation)).regions
    assert len(regions) == 2 and all(region.canvas[0].size < wide.size / 2 for region in regions)
    sparse, whole = perceive(loaded, wide), perceive(loaded, wide, whole_frame=True)
    np.testing.assert_allclose(sparse.contact_map, whole.contact_map, atol=PROMISE)
    np.testing.assert_allclose(sparse.pooled, whole.pooled, rtol=3 * PROMISE, atol=PROMISE)
    assert len(sparse.contacts) == len(whole.contacts) >= 1
    assert not sparse.contact_map[22, 25]


def test_the_weights_file_holds_each_kernel_once(folder):
    stored, card = load_network(folder)
    assert card.architecture.symmetry == stored.architecture.symmetry
    sizes = SIZES[card.architecture.symmetry]
    assert (folder / WEIGHTS_FILE).stat().st_size < 4 * sizes.weights + 2000
    again = network_of(stored.architecture, stored.weights)
    assert again.trunk[1].weight.shape == sizes.weight_shapes["trunk.1.weight"]


def test_the_export_takes_several_frames_at_once(make_network):
    pytest.importorskip("onnxruntime", reason="this engine is not installed")
    network = make_network(SIZES["c4"])
    frames = frames_for(network.architecture, 6, 9)
    session = OnnxRuntimeBackend(export_onnx(network), "cpu")._session
    _, canvas = session.run(None, {"frames": frames.numpy()})
    np.testing.assert_allclose(canvas, network.features(frames).detach(), atol=1e-5)


@pytest.mark.parametrize(
    ("symmetry", "elements"), [("translation", QUARTER_TURNS), ("c4", MIRRORS)]
)
def test_what_the_network_does_not_promise_is_caught(
    symmetry, elements, presses, make_network, make_model
):
    model = make_model(make_network(SIZES[symmetry]))
    errors = measure_turns(subject_of(model), presses, elements)
    assert errors.map_error > CAUGHT and errors.pooled_drift > CAUGHT


def test_a_card_of_an_earlier_release_is_of_translations(make_network, make_card):
    card = make_card(make_network(SIZES["translation"])).to_json()
    del card["architecture"]["symmetry"]
    assert Card.from_json(card).architecture == SIZES["translation"]
    shipped = find_model("simulated_textures")
    assert load_card(shipped).architecture.symmetry == "translation"


@pytest.mark.parametrize("symmetry", ["c8", "C4", "", None, 4, True, ["c4"], {"c4": 1}])
def test_a_symmetry_that_is_none_is_refused_with_those_that_are(symmetry):
    with pytest.raises(ModelError, match=r"symmetry.*translation.*c4.*d4"):
        Architecture.from_json({**Architecture(3).to_json(), "symmetry": symmetry})


def test_training_takes_the_channels_of_the_symmetry_unless_told():
    for symmetry, channels in CHANNELS.items():
        settings = TrainingSettings(symmetry=symmetry)
        expected = Architecture(
            3, 1, channels, settings.dilations, symmetry=symmetry, correlations=True
        )
        assert settings.architecture(3, 1) == expected
    told = TrainingSettings(symmetry="d4", channels=(2, 3), dilations=(1, 2)).architecture(3, 2)
    assert (told.channels, told.symmetry) == ((2, 3), "d4")
    for wrong in ({"symmetry": "c8"}, {"channels": ()}):
        with pytest.raises(ModelError):
            TrainingSettings(**wrong).architecture(3, 1)


def change_sizes(folder, **sizes):
    card = json.loads((folder / CARD_FILE).read_text())
    card["architecture"].update(sizes)
    (folder / CARD_FILE).write_text(json.dumps(card))


def test_weights_of_another_symmetry_are_refused(tmp_path, make_network, make_card):
    network = make_network(SIZES["c4"])
    save(tmp_path, network, make_card(network))
    for other in ("translation", "d4"):
        change_sizes(tmp_path, symmetry=other)
        with pytest.raises(ModelError, match="does not hold the weights"):
            load_network(tmp_path)


def test_a_giant_is_one_by_the_weights_that_engines_hold(tmp_path, make_network, make_card):
    network = make_network(SIZES["d4"])
    save(tmp_path, network, make_card(network))
    sizes = Architecture(3, 1, (130, 130), (1, 2), symmetry="d4")
    assert sizes.weights < WEIGHTS_LIMIT < sizes.plain_weights
    change_sizes(tmp_path, channels=[130, 130])
    with pytest.raises(ModelError, match=f"the card asks for {sizes.plain_weights} weights"):
        load_network(tmp_path)
