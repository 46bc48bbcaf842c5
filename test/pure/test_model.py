"""A model directory survives the round trip; when anything is wrong it is refused with a reason."""

import hashlib
import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tactile_equiv import model_directory, model_export
from tactile_equiv.card import Card
from tactile_equiv.errors import ModelError
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import (
    CARD_FILE,
    ONNX_FILE,
    PROBE_FILE,
    SIZE_LIMIT,
    WEIGHTS_FILE,
    find_model,
    load_card,
    load_network,
)
from tactile_equiv.model_export import export_onnx, save_model
from tactile_equiv.percept import perceive
from tactile_equiv.torch_backend import network_of, weights_of


@pytest.fixture
def folder(tmp_path, small_network, make_card, monkeypatch):
    """A whole model directory, without ONNX."""
    monkeypatch.setattr(model_export, "export_onnx", lambda network: None)
    save_model(tmp_path / "model", small_network, make_card(small_network))
    return tmp_path / "model"


def change_card(folder, **changes):
    card = json.loads((folder / CARD_FILE).read_text())
    (folder / CARD_FILE).write_text(json.dumps({**card, **changes}))


def replace_weights(folder, content):
    """Put other bytes in the place of the weights, with a card that vouches for them."""
    (folder / WEIGHTS_FILE).write_bytes(content)
    change_card(folder, sha256={WEIGHTS_FILE: hashlib.sha256(content).hexdigest()})


def assert_refused(folder, told):
    with pytest.raises(ModelError, match=told) as caught:
        load_model(folder, "torch", "cpu")
    assert 30 < len(str(caught.value)) < 800


def test_what_is_saved_is_loaded(folder, small_network, make_card):
    stored, card = load_network(folder)
    network = network_of(stored.architecture, stored.weights)
    for name, value in small_network.state_dict().items():
        assert torch.equal(network.state_dict()[name], value)
    assert not network.training
    assert stored.onnx is None
    assert set(card.sha256) == {WEIGHTS_FILE, PROBE_FILE}
    assert card.architecture == small_network.architecture
    assert card.classes == make_card(small_network).classes


def test_a_loaded_model_perceives_the_same(folder, small_model):
    frame = np.random.default_rng(0).random((9, 11))
    seen, true = perceive(load_model(folder, "torch", "cpu"), frame), perceive(small_model, frame)
    np.testing.assert_array_equal(seen.contact_map, true.contact_map)
    np.testing.assert_array_equal(seen.texture.scores, true.texture.scores)


def test_a_directory_of_an_earlier_release_has_no_probe_and_loads(folder):
    card = load_card(folder)
    change_card(folder, sha256={WEIGHTS_FILE: card.sha256[WEIGHTS_FILE]})
    (folder / PROBE_FILE).unlink()
    assert load_network(folder)[0].probe is None
    model = load_model(folder, "auto", "cpu")
    assert model.backend.name == "torch"


def test_a_changed_probe_is_refused(folder):
    content = bytearray((folder / PROBE_FILE).read_bytes())
    content[-1] ^= 1
    (folder / PROBE_FILE).write_bytes(content)
    assert_refused(folder, "SHA-256")


def test_engines_are_made_from_the_bytes_that_were_verified(folder):
    content = b"an export"
    (folder / ONNX_FILE).write_bytes(content)
    hashes = load_card(folder).sha256
    change_card(folder, sha256={**hashes, ONNX_FILE: hashlib.sha256(content).hexdigest()})
    network, _ = load_network(folder)
    (folder / ONNX_FILE).write_bytes(b"swapped after it was read")
    assert network.onnx == content


def test_saving_again_replaces_the_model(folder, make_network, make_card, small_network):
    other = make_network(small_network.architecture, 7)
    (folder / ONNX_FILE).write_bytes(b"of the model before")
    save_model(folder, other, make_card(other))
    loaded = load_network(folder)[0].weights["trunk.0.convolution.bias"]
    np.testing.assert_array_equal(loaded, other.trunk[0].convolution.bias.detach())
    assert not (folder / ONNX_FILE).exists()


def test_the_card_survives_json(small_network, make_card):
    card = make_card(small_network)
    assert Card.from_json(json.loads(json.dumps(card.to_json()))) == card


def test_a_directory_that_is_not_there_is_named(tmp_path):
    assert_refused(tmp_path / "nowhere", "nowhere.*card.json and weights")


@pytest.mark.parametrize("file", [CARD_FILE, WEIGHTS_FILE])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    assert_refused(folder, f"{file} cannot be read")


@pytest.mark.parametrize("file", [CARD_FILE, WEIGHTS_FILE])
def test_a_directory_in_the_place_of_a_file_is_named(folder, file):
    (folder / file).unlink()
    (folder / file).mkdir()
    assert_refused(folder, f"{file} cannot be read")


@pytest.mark.parametrize("file", [CARD_FILE, WEIGHTS_FILE])
def test_a_huge_file_is_not_read(folder, file):
    with (folder / file).open("r+b") as stream:
        stream.truncate(SIZE_LIMIT + 1)
    assert_refused(folder, f"{file} cannot be read .it has {SIZE_LIMIT + 1} bytes")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"version": 1' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "cut", "binary", "deep", "long number"],
)
def test_a_card_that_is_no_json_is_refused(folder, text):
    (folder / CARD_FILE).write_bytes(text)
    assert_refused(folder, "not JSON|card version is")  # Python < 3.10.7 reads long numbers


@pytest.mark.parametrize("text", ["[]", "3", "null", '"card"'])
def test_a_card_that_is_no_object_is_refused(folder, text):
    (folder / CARD_FILE).write_text(text)
    assert_refused(folder, "must be an object")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 2}, "version is 2.*reads version 1"),
        ({"version": None}, "version is None"),
        ({"colour": "red"}, "colour.*its keys are"),
        ({"classes": ["felt", "glass"]}, "2 classes.*3 outputs"),
        ({"classes": ["felt", "glass", "felt"]}, "2 different"),
        ({"classes": 3}, "list of names"),
        ({"classes": "abc"}, "list of names"),
        ({"architecture": None}, "architecture None"),
        ({"architecture": [3]}, "architecture"),
        ({"normalisation": None}, "normalisation None"),
        ({"sha256": None}, "sha256"),
        ({"sha256": [WEIGHTS_FILE]}, "sha256"),
        ({"sha256": {}}, "the card names None"),
        ({"name": 3}, "name"),
        ({"training": []}, "training"),
    ],
)
def test_a_wrong_card_is_refused(folder, changes, told):
    change_card(folder, **changes)
    assert_refused(folder, told)


def test_a_card_without_a_key_is_refused(folder):
    for key in ("version", "name", "sensor", "classes", "architecture", "normalisation"):
        card = json.loads((folder / CARD_FILE).read_text())
        del card[key]
        with pytest.raises(ModelError):
            Card.from_json(card)


@pytest.mark.parametrize(
    "sizes",
    [
        {"kernel": 100_001},
        {"dilations": [1, 1, 10**9]},
        {"channels": [4, 10**6, 5]},
        {"channels": [4, 10**30, 5]},
        {"input_channels": 10**9},
        {"channels": [1] * 5000, "dilations": [1] * 5000},
    ],
)
def test_a_card_that_asks_for_a_giant_is_refused_before_it_is_built(folder, sizes):
    card = json.loads((folder / CARD_FILE).read_text())
    change_card(folder, architecture={**card["architecture"], **sizes})
    assert_refused(folder, "the card asks for")


def test_weights_of_another_hash_are_refused(folder):
    content = bytearray((folder / WEIGHTS_FILE).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS_FILE).write_bytes(content)
    assert_refused(folder, "SHA-256.*copy the whole directory again")


@pytest.mark.parametrize("keep", [0, 4, 8, 60, -1])
def test_truncated_weights_are_refused(folder, keep):
    content = (folder / WEIGHTS_FILE).read_bytes()
    (folder / WEIGHTS_FILE).write_bytes(content[:keep])
    assert_refused(folder, "SHA-256")
    replace_weights(folder, content[:keep])
    assert_refused(folder, "does not hold the weights")


def test_weights_of_another_architecture_are_refused(folder, make_network, small_network):
    state = weights_of(small_network)
    prior = state["contact_prior"]
    for wrong in (
        {},
        {**state, "more": prior},
        {name: value for name, value in state.items() if "trunk.0" not in name},
        {**state, "contact_prior": np.zeros(2, np.float32)},
        {**state, "contact_prior": prior.astype(np.float64)},
        {**state, "contact_prior": prior.astype(np.int32)},
    ):
        replace_weights(folder, safetensors.numpy.save(wrong))
        assert_refused(folder, "does not hold the weights")


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(folder, small_network, wrong):
    state = weights_of(small_network)
    state["trunk.1.convolution.weight"][0, 0, 0, 0] = wrong
    replace_weights(folder, safetensors.numpy.save(state))
    assert_refused(folder, "not finite")


class Attack:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the weights were unpickled",))


@pytest.mark.parametrize("write", ["pickle", "torch"])
def test_a_pickle_under_the_name_of_the_weights_is_never_unpickled(folder, write, tmp_path):
    if write == "pickle":
        content = pickle.dumps(Attack())
    else:
        torch.save({"trunk.0.convolution.weight": Attack()}, tmp_path / "attack.pt")
        content = (tmp_path / "attack.pt").read_bytes()
    replace_weights(folder, content)
    assert_refused(folder, "does not hold the weights")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(where=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_any_changed_byte_of_the_weights_is_noticed(folder, where, value):
    content = bytearray((folder / WEIGHTS_FILE).read_bytes())
    place = int(where * len(content))
    if content[place] == value:
        return
    changed = bytes(content[:place]) + bytes([value]) + bytes(content[place + 1 :])
    (folder / WEIGHTS_FILE).write_bytes(changed)
    with pytest.raises(ModelError, match="SHA-256"):
        load_network(folder)
    (folder / WEIGHTS_FILE).write_bytes(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = ["version", "classes", "architecture", "normalisation", "sha256", "name", "sensor"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(key=st.sampled_from(KEYS), value=json_values)
def test_any_value_in_the_card_is_read_or_refused(folder, key, value):
    before = (folder / CARD_FILE).read_text()
    change_card(folder, **{key: value})
    try:
        load_card(folder)
    except ModelError as error:
        assert str(error)
    finally:
        (folder / CARD_FILE).write_text(before)


def test_an_onnx_file_that_the_card_names_must_be_there_and_whole(folder):
    card = load_card(folder)
    change_card(folder, sha256={**card.sha256, ONNX_FILE: "0" * 64})
    assert_refused(folder, f"{ONNX_FILE} cannot be read")
    (folder / ONNX_FILE).write_bytes(b"something else")
    assert_refused(folder, "SHA-256")


def test_a_place_that_cannot_be_written_is_named(tmp_path, small_network, make_card):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written"):
        save_model(tmp_path / "file" / "model", small_network, make_card(small_network))


def test_a_model_is_found_by_path_or_by_name(tmp_path, monkeypatch):
    shipped = tmp_path / "config" / "models" / "ours"
    shipped.mkdir(parents=True)
    monkeypatch.setattr(model_directory, "share_directory", lambda: tmp_path)
    assert find_model(str(tmp_path)) == tmp_path
    assert find_model("ours") == shipped
    for name in ("", "others", "../nowhere"):
        with pytest.raises(ModelError, match="ours"):
            find_model(name)


def test_nothing_is_exported_where_onnx_is_missing(small_network, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    assert export_onnx(small_network) is None
