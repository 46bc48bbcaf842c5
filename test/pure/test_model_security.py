"""Files of others are data: whatever they hold, nothing waits, swells, reads elsewhere or runs."""

import hashlib
import json
import os
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from tactile_equiv import cut_recordings, dataset, yaml_files
from tactile_equiv.architecture import ACTIVATION_NAMES, SYMMETRIES, Architecture
from tactile_equiv.backend_choice import choose_backend
from tactile_equiv.card import CLASS_LIMIT, NAME_LIMIT
from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.dataset import load_dataset
from tactile_equiv.errors import DataError, ModelError, SettingsError
from tactile_equiv.hand_description import read_hand
from tactile_equiv.limited_files import read_limited
from tactile_equiv.mcap_writer import CHUNK, MAGIC, RECORD_HEAD
from tactile_equiv.model_directory import (
    CARD_FILE,
    ONNX_FILE,
    find_model,
    load_card,
    load_network,
)
from tactile_equiv.model_export import export_onnx
from tactile_equiv.model_list import shipped_models
from tactile_equiv.models_command import page_of
from tactile_equiv.network import TactileNetwork
from tactile_equiv.onnx_contents import require_plain
from tactile_equiv.yaml_files import read_yaml

SHIPPED = find_model("simulated_textures")


@pytest.fixture
def copied(tmp_path):
    """A shipped model that may be damaged."""
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.mark.parametrize("name", [CARD_FILE, "weights.safetensors", ONNX_FILE])
def test_a_pipe_is_not_waited_for(copied, name):
    (copied / name).unlink()
    os.mkfifo(copied / name)
    with pytest.raises(ModelError, match=f"{name} cannot be read .it is no regular file"):
        load_network(copied)


@pytest.mark.parametrize("name", [CARD_FILE, "weights.safetensors", ONNX_FILE])
def test_a_device_that_never_ends_is_not_read(copied, name):
    (copied / name).unlink()
    (copied / name).symlink_to("/dev/zero")
    with pytest.raises(ModelError, match=f"{name} cannot be read .it is no regular file"):
        load_network(copied)


def test_a_file_that_grows_while_it_is_read_is_not_read_on(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_bytes(bytes(100))
    before = os.stat_result((0o100600, *[0] * 5, 10, *[0] * 3))
    monkeypatch.setattr(os, "fstat", lambda descriptor: before)
    assert len(read_limited(file, 100)) == 100
    with pytest.raises(OSError, match="it has 51 bytes: at most 50"):
        read_limited(file, 50)


def test_other_files_that_a_link_in_a_model_leads_to_are_not_quoted(copied, tmp_path_factory):
    secret = tmp_path_factory.mktemp("secret") / "passwords"
    secret.write_text("root:hunter2:0:0\n")
    (copied / CARD_FILE).unlink()
    (copied / CARD_FILE).symlink_to(secret)
    with pytest.raises(ModelError) as caught:
        load_network(copied)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("field", ["name", "classes"])
@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "a\0", "\u202eabc", "x" * (NAME_LIMIT + 1)])
def test_names_that_a_log_or_a_terminal_would_obey_are_refused(copied, field, text):
    card = json.loads((copied / CARD_FILE).read_text())
    card[field] = text if field == "name" else [text, *card["classes"][1:]]
    (copied / CARD_FILE).write_text(json.dumps(card))
    with pytest.raises(ModelError, match="characters that can be printed"):
        load_card(copied)


def test_more_classes_than_messages_can_number_are_refused():
    card = load_card(SHIPPED)
    sizes = replace(card.architecture, classes=CLASS_LIMIT + 1)
    with pytest.raises(ModelError, match="at most 65535"):
        replace(card, architecture=sizes, classes=tuple(map(str, range(CLASS_LIMIT + 1))))


def test_a_card_is_shown_without_what_a_terminal_would_obey():
    card = replace(load_card(SHIPPED), sensor="\x1b]0;owned\x07", training={"a\x1b[2J": "b\x9b1"})
    assert all(line.isprintable() for line in page_of(card).splitlines())


@pytest.mark.parametrize("wrong", [{"shifts": 3}, {"shifts": {"map_error": "x"}}])
def test_figures_of_a_card_that_are_none_are_refused(wrong):
    with pytest.raises(ModelError, match="not understood"):
        page_of(replace(load_card(SHIPPED), measured=wrong))


def protobuf(number, content):
    """A field that holds bytes."""
    sizes, length = b"", len(content)
    while length > 127:
        sizes, length = sizes + bytes([length & 127 | 128]), length >> 7
    key = number << 3 | 2
    head = bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])
    return head + sizes + bytes([length]) + content


def model_of(node=b"", graph=b""):
    """An ONNX model with one more node, or one more part of its graph."""
    whole = (protobuf(1, node) if node else b"") + graph
    return (SHIPPED / ONNX_FILE).read_bytes() + protobuf(7, whole)


EXTERNAL = protobuf(13, protobuf(1, b"location") + protobuf(2, b"/etc/passwd"))
HOSTILE = {
    "a loop": (model_of(protobuf(4, b"Loop")), "operator 'Loop'"),
    "an extension": (model_of(protobuf(4, b"Add") + protobuf(7, b"evil")), "domain 'evil'"),
    "Python": (model_of(protobuf(4, b"PyOp")), "operator 'PyOp'"),
    "a graph in a node": (
        model_of(protobuf(4, b"Add") + protobuf(5, protobuf(6, b""))), "graph inside a graph"
    ),
    "graphs in a node": (
        model_of(protobuf(4, b"Add") + protobuf(5, protobuf(11, b""))), "graph inside a graph"
    ),
    "another file": (model_of(graph=protobuf(5, EXTERNAL)), "numbers in another file"),
    "another file by its mark": (
        model_of(graph=protobuf(5, bytes([14 << 3, 1]))), "numbers in another file"
    ),
    "another file in a constant": (
        model_of(protobuf(4, b"Constant") + protobuf(5, protobuf(5, EXTERNAL))),
        "numbers in another file",
    ),
    "a sparse tensor": (model_of(graph=protobuf(15, b"")), "sparse"),
    "a sparse constant": (
        model_of(protobuf(4, b"Constant") + protobuf(5, protobuf(22, b""))), "sparse"
    ),
    "a function": ((SHIPPED / ONNX_FILE).read_bytes() + protobuf(25, b""), "functions"),
    "no ONNX": (b"\xff" * 40, "no ONNX file"),
    "half of it": ((SHIPPED / ONNX_FILE).read_bytes()[:5000], "cut off"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_export_that_would_read_elsewhere_loop_or_swell_reaches_no_engine(copied, kind):
    content, told = HOSTILE[kind]
    with pytest.raises(ModelError, match=told):
        require_plain(content)
    card = json.loads((copied / CARD_FILE).read_text())
    card["sha256"][ONNX_FILE] = hashlib.sha256(content).hexdigest()
    (copied / CARD_FILE).write_text(json.dumps(card))
    (copied / ONNX_FILE).write_bytes(content)
    network, _ = load_network(copied)
    engine, notices = choose_backend(network, "onnxruntime", "cpu")
    assert engine.name == "torch"
    assert "onnxruntime is refused (the export" in notices[0]


def test_our_own_exports_are_plain():
    pytest.importorskip("onnx")
    for model in shipped_models():
        require_plain((model / ONNX_FILE).read_bytes())
    for activation, symmetry in zip(ACTIVATION_NAMES, [*SYMMETRIES, "translation"], strict=True):
        sizes = Architecture(
            2, channels=(4, 5), dilations=(1, 2), activation=activation, symmetry=symmetry
        )
        require_plain(export_onnx(TactileNetwork(sizes)))


def test_engines_never_see_the_file_itself(copied):
    """The bytes that were verified are handed on: a file swapped in between is not read."""
    network, card = load_network(copied)
    (copied / ONNX_FILE).write_bytes(b"swapped")
    engine, notices = choose_backend(network, "onnxruntime", "cpu")
    assert not notices or "is not there" in notices[0]
    assert engine.run(np.zeros((1, 5, 6), np.float32))[0].shape == (5, 6)
    assert hashlib.sha256(network.onnx).hexdigest() == card.sha256[ONNX_FILE]


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n"
    for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 8)}]}}\n"
    for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@pytest.mark.parametrize("text", [BOMB, MERGES], ids=["aliases", "merges"])
def test_ten_lines_of_yaml_do_not_swell(tmp_path, text):
    (tmp_path / "bomb.yaml").write_text(text)
    with pytest.raises(SettingsError, match="stand for more than"):
        read_hand(tmp_path / "bomb.yaml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("&a [*a]", "part of"),
        ("patches: &a {tip: *a}", "part of"),
        ("[" * 5000, "nested more than"),
        ("- " * 5000, "cannot be read"),
        ("!!python/object/apply:os.system ['false']", "could not determine a constructor"),
        ("!!python/name:os.system", "could not determine a constructor"),
    ],
)
def test_yaml_that_holds_itself_or_code_is_refused(tmp_path, text, told):
    (tmp_path / "file.yaml").write_text(text)
    with pytest.raises(SettingsError, match=told):
        read_yaml(tmp_path / "file.yaml", "hand")


def test_yaml_with_anchors_is_still_read(tmp_path):
    (tmp_path / "file.yaml").write_text("a: &a {rows: 3}\nb: {<<: *a, cols: 4}\nc: [*a, *a]\n")
    values = read_yaml(tmp_path / "file.yaml", "hand")
    assert values == {"a": {"rows": 3}, "b": {"rows": 3, "cols": 4}, "c": [{"rows": 3}] * 2}
    (tmp_path / "file.yaml").write_text("# nothing\n")
    assert read_yaml(tmp_path / "file.yaml", "hand") is None


def test_a_long_yaml_file_and_a_pipe_are_not_read(tmp_path):
    with (tmp_path / "long.yaml").open("wb") as file:
        file.truncate(yaml_files.SIZE_LIMIT + 1)
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, told in (("long", "at most"), ("pipe", "no regular file")):
        with pytest.raises(SettingsError, match=told):
            read_yaml(tmp_path / f"{name}.yaml", "hand")


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    file = tmp_path / "bomb.npz"
    np.savez_compressed(file, frames=np.zeros((2000, 100, 100), np.uint8))
    assert file.stat().st_size < 10**5
    monkeypatch.setattr(dataset, "memory_bytes", lambda: 10**7)
    monkeypatch.setattr(np, "load", lambda *given, **options: pytest.fail("it was unpacked"))
    with pytest.raises(DataError, match="unpacks to 20000128 bytes, this machine has 10000000"):
        load_dataset(file)


def test_names_in_an_archive_lead_nowhere(tmp_path):
    """Nothing is written when data are read, whatever the parts are called."""
    folder = tmp_path / "inner"
    folder.mkdir()
    with zipfile.ZipFile(folder / "data.npz", "w") as archive:
        archive.writestr("../../outside.npy", b"x")
        archive.writestr("/tmp/outside.npy", b"x")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match="lacks frames"):
        load_dataset(folder / "data.npz")
    assert sorted(tmp_path.rglob("*")) == before


def recording(compression, packed, size):
    """An .mcap file of one chunk that claims to unpack to `size` bytes."""
    name = compression.encode()
    head = struct.pack("<QQQI", 0, 0, size, 0) + struct.pack("<I", len(name)) + name
    content = head + struct.pack("<Q", len(packed)) + packed
    return MAGIC + RECORD_HEAD.pack(CHUNK, len(content)) + content


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
@pytest.mark.parametrize("claimed", [100, cut_recordings.CHUNK_LIMIT + 1])
def test_a_chunk_that_swells_beyond_what_it_says_is_left_out(
    tmp_path, compression, claimed, monkeypatch
):
    swollen = bytes(10**7)
    if compression == "lz4":
        packed = pytest.importorskip("lz4.frame").compress(swollen)
    else:
        packed = pytest.importorskip("backports.zstd").compress(swollen)
    (tmp_path / "bomb.mcap").write_bytes(recording(compression, packed, claimed))
    unpacked = []
    original = cut_recordings._decompressor

    def counted(name):
        unpack = original(name)

        def counting(records, most):
            unpacked.append(len(result := unpack(records, most)))
            return result

        return counting

    monkeypatch.setattr(cut_recordings, "_decompressor", counted)
    found = CutRecording(tmp_path / "bomb.mcap")
    assert found.damaged == 1 and len(found) == 0
    assert sum(unpacked) <= 101
