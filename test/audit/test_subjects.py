"""What may be loaded, what is refused, and what a refusal says."""

import io
import pickle
import re
import shutil
import struct
import sys
import zipfile

import exports
import networks
import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save_file

from tactile_equiv.audit import audit, steps, torch_files
from tactile_equiv.audit.subjects import load_subject, subject_of_module
from tactile_equiv.errors import AuditError, ModelError
from tactile_equiv.model_directory import find_model

SHAPE = (1, 32, 32)


def refusal(*arguments, **options):
    """The text of the refusal, which is one sentence without a traceback."""
    with pytest.raises(AuditError) as caught:
        load_subject(*arguments, **options)
    return str(caught.value)


def refused_module(module, shape=SHAPE):
    with pytest.raises(AuditError) as caught:
        subject_of_module(module, shape)
    return str(caught.value)


def graph(*nodes, inputs=None, outputs=("out",), **parts):
    """Bytes of an ONNX file whose input is `frames`."""
    frames = helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, 1, "rows", "columns"])
    named = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    made = helper.make_graph(list(nodes), "graph", inputs or [frames], named, **parts)
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own.domain", 1)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9)
    return model.SerializeToString()


def written(file, content):
    file.write_bytes(content)
    return str(file)


# what the user names


def test_a_factory_is_found_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "my_networks.py").write_text(
        "from torch import nn\n"
        "def make(): return nn.Conv2d(1, 2, 3)\n"
        "class Holder:\n    Net = staticmethod(make)\n"
        "ready = make()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for text in ("my_networks:make", "my_networks:Holder.Net", "my_networks:ready"):
        subject = load_subject(text, SHAPE)
        assert (subject.name, subject.kind, subject.input_shape) == (text, "torch", SHAPE)
        (layer,) = subject.layers(np.zeros((1, *SHAPE), np.float32))
        assert layer.operation == "convolution"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("networks:failing_factory", "OSError: no such weights"),
        ("networks:ending_factory", "SystemExit"),
        ("networks:missing", "has no attribute 'missing'"),
        ("no_such_module:make", "No module named 'no_such_module'"),
        ("networks:no_module", "gives dict: it must give a torch module"),
        ("networks:seeded", "missing 1 required positional argument"),
    ],
)
def test_a_factory_that_makes_no_network_is_named(text, said):
    assert said in refusal(text, SHAPE)


def test_the_size_of_frames_must_be_told():
    assert "--input CxHxW" in refusal("networks:exact")


@pytest.mark.parametrize("text", ["", "nowhere.onnx", "no_such_model", "a b:c", "/dev/null"])
def test_what_is_not_there_is_answered_with_what_may_be_given(text):
    said = refusal(text)
    for choice in (".onnx", "TorchScript", "MODULE:FACTORY", "tekscan_objects"):
        assert choice in said


def test_a_model_directory_is_a_subject_and_a_damaged_one_is_not(tmp_path):
    folder = shutil.copytree(find_model("tekscan_objects"), tmp_path / "model")
    assert load_subject(str(folder), (1, 24, 28)).input_shape == (1, 24, 28)
    with (folder / "weights.safetensors").open("r+b") as file:
        file.seek(-4, io.SEEK_END)
        file.write(b"\0\1\2\3")
    with pytest.raises(ModelError, match="SHA-256"):
        load_subject(str(folder))


# files of torch


def test_torchscript_is_run_only_for_a_user_who_trusts_it(tmp_path):
    file = exports.to_torchscript(networks.exact(), tmp_path / "net.pt")
    said = refusal(file, SHAPE)
    assert "a program" in said and "--trust-code" in said
    assert load_subject(file, SHAPE, trust_code=True).kind == "torchscript"


class Fuse:
    """Writes a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return open, (str(self.file), "w")


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_is_never_opened(zipped, tmp_path):
    file, burnt = tmp_path / "net.pt", tmp_path / "burnt"
    torch.save(Fuse(burnt), file, _use_new_zipfile_serialization=zipped)
    assert "pickle" in refusal(str(file), SHAPE, trust_code=True)
    assert "pickle" in refusal(written(tmp_path / "net.pkl", pickle.dumps(Fuse(burnt))))
    assert not burnt.exists()


def test_an_exported_program_is_not_opened(tmp_path):
    file = tmp_path / "net.pt2"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/archive_format", "pt2")
        archive.writestr("net/models/model.json", "{}")
    said = refusal(str(file), SHAPE, trust_code=True)
    assert "PT2" in said and "ONNX" in said


def test_a_swelling_archive_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_files, "FILE_LIMIT", 1_000_000)
    file = tmp_path / "net.pt"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/constants.pkl", bytes(2_000_000))
    assert file.stat().st_size < 10_000
    assert "unpacks to 2000000 bytes" in refusal(str(file), SHAPE, trust_code=True)


def test_a_damaged_archive_is_refused(tmp_path):
    whole = tmp_path / "whole.pt"
    exports.to_torchscript(networks.exact(), whole)
    content = bytearray(whole.read_bytes())
    middle = content.rfind(b"PK\1\2")
    content[middle : middle + 4] = b"XXXX"
    assert "damaged" in refusal(written(tmp_path / "a.pt", bytes(content)), SHAPE, trust_code=True)
    empty = tmp_path / "b.pt"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("net/constants.pkl", b"garbage")
    assert "cannot be loaded" in refusal(str(empty), SHAPE, trust_code=True)


def test_weights_alone_are_no_network(tmp_path):
    save_file({"weight": torch.zeros(3)}, str(tmp_path / "net.safetensors"))
    assert "weights without the network" in refusal(str(tmp_path / "net.safetensors"))


def test_an_oversized_file_is_not_read(tmp_path):
    file = tmp_path / "net.onnx"
    with file.open("wb") as sparse:
        sparse.truncate(torch_files.FILE_LIMIT + 1)
    assert "bytes: at most" in refusal(str(file))


@pytest.mark.parametrize("name", ["net.onnx", "net.pt", "net.txt", "net"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 9, struct.pack("<Q", 2**60)])
def test_garbage_is_refused(name, content, tmp_path):
    assert refusal(written(tmp_path / name, content), SHAPE, trust_code=True)


# ONNX


def test_a_fixed_size_is_taken_from_the_file(tmp_path):
    file = exports.to_onnx(networks.exact(), tmp_path / "net.onnx", open_size=False)
    subject = load_subject(file)
    assert (subject.kind, subject.input_shape, subject.fixed_size) == ("onnx", SHAPE, True)
    assert load_subject(file, SHAPE).input_shape == SHAPE
    said = refusal(file, (1, 40, 40))
    assert "1x32x32, not of 1x40x40" in said
    with pytest.raises(AuditError, match=re.escape("it takes (N, 1, 32, 32)")):
        subject.layers(np.zeros((1, 1, 40, 40), np.float32))


def test_an_open_size_must_be_told(tmp_path):
    file = exports.to_onnx(networks.exact(), tmp_path / "net.onnx")
    assert "1x?x?" in refusal(file)
    subject = load_subject(file, (1, 20, 24))
    assert subject.layers(np.zeros((2, 1, 20, 24), np.float32))[0].values.shape == (2, 4, 18, 22)


def tensor_elsewhere():
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 1, 1], [1.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../etc/passwd"
    return tensor


def input_of(kind, shape, name="frames"):
    return helper.make_tensor_value_info(name, kind, shape)


RELU = helper.make_node("Relu", ["frames"], ["out"])
BOMB = helper.make_tensor("size", TensorProto.INT64, [2], [2**20, 2**20])
SPARSE = helper.make_sparse_tensor(
    helper.make_tensor("w", TensorProto.FLOAT, [1], [1.0]),
    helper.make_tensor("at", TensorProto.INT64, [1], [0]),
    [2**20, 2**20],
)
REFUSED_GRAPHS = {
    "a tensor in another file": (
        graph(helper.make_node("Conv", ["frames", "w"], ["out"]), initializer=[tensor_elsewhere()]),
        "in another file, which is not opened",
    ),
    "a tensor of a node in another file": (
        graph(
            helper.make_node("Constant", [], ["w"], value=tensor_elsewhere()),
            helper.make_node("Conv", ["frames", "w"], ["out"]),
        ),
        "in another file, which is not opened",
    ),
    "an operator of somebody's own": (
        graph(helper.make_node("Magic", ["frames"], ["out"], domain="own.domain")),
        "operator 'Magic' of domain 'own.domain'",
    ),
    "an operator that does not exist": (
        graph(helper.make_node("Magic", ["frames"], ["out"])),
        "cannot be run",
    ),
    "two inputs": (
        graph(
            helper.make_node("Add", ["frames", "more"], ["out"]),
            inputs=[input_of(TensorProto.FLOAT, [1, 1, 8, 8], n) for n in ("frames", "more")],
        ),
        "2 inputs (frames, more)",
    ),
    "whole numbers": (
        graph(RELU, inputs=[input_of(TensorProto.INT32, [1, 1, 8, 8])]),
        "takes INT32 (1, 1, 8, 8)",
    ),
    "a vector": (graph(RELU, inputs=[input_of(TensorProto.FLOAT, [1, 64])]), "takes FLOAT (1, 64)"),
    "eight frames at once": (
        graph(RELU, inputs=[input_of(TensorProto.FLOAT, [8, 1, 8, 8])]),
        "takes 8 frames at once",
    ),
    "channels last": (
        graph(RELU, inputs=[input_of(TensorProto.FLOAT, [1, 64, 64, 3])]),
        "channels last as it seems",
    ),
    "a sparse tensor that swells": (
        graph(
            helper.make_node("MatMul", ["frames", "w"], ["out"]),
            sparse_initializer=[SPARSE],
        ),
        "sparse tensor",
    ),
    "no nodes": (graph(), "no ONNX graph with nodes"),
    "a memory bomb": (
        graph(
            helper.make_node("ConstantOfShape", ["size"], ["big"]),
            helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
            helper.make_node("Add", ["frames", "sum"], ["out"]),
            initializer=[BOMB],
        ),
        "1.1e+12 numbers of one frame",
    ),
}


@pytest.mark.parametrize("case", REFUSED_GRAPHS)
def test_an_onnx_file_that_cannot_be_audited_is_named(case, tmp_path):
    content, said = REFUSED_GRAPHS[case]
    assert said in refusal(written(tmp_path / "net.onnx", content), SHAPE)


def test_an_onnx_file_of_padding_nodes_tells_their_settings(tmp_path):
    amounts = helper.make_tensor("amounts", TensorProto.INT64, [8], [0, 0, 1, 2, 0, 0, 3, 4])
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 4, 4], [0.1] * 16)
    content = graph(
        helper.make_node("Pad", ["frames", "amounts"], ["padded"], mode="reflect"),
        helper.make_node("Relu", ["padded"], ["relu"]),
        helper.make_node("Conv", ["relu", "w"], ["out"], auto_pad="SAME_UPPER", strides=[2, 2]),
        initializer=[amounts, weight],
    )
    subject = load_subject(written(tmp_path / "net.onnx", content), SHAPE)
    pad, _, convolution = subject.layers(np.ones((1, *SHAPE), np.float32))
    assert pad.settings == {"padding": (1, 2, 3, 4), "padding_mode": "reflect"}
    assert convolution.settings["padding"] == (1, 1, 1, 1)
    assert convolution.values.shape == (1, 1, 18, 19)


def test_a_graph_inside_a_node_is_searched_too(tmp_path):
    inner = helper.make_graph(
        [helper.make_node("Magic", [], ["chosen"], domain="own.domain")],
        "inner",
        [],
        [input_of(TensorProto.FLOAT, None, "chosen")],
    )
    condition = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    node = helper.make_node("If", ["yes"], ["out"], then_branch=inner, else_branch=inner)
    content = graph(node, initializer=[condition])
    assert "'own.domain'" in refusal(written(tmp_path / "net.onnx", content), SHAPE)


def test_an_onnx_file_where_onnxruntime_is_missing(tmp_path, monkeypatch):
    file = exports.to_onnx(networks.exact(), tmp_path / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "pip install 'tactile_equiv[onnx]'" in refusal(file, SHAPE)


# networks that cannot be measured


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two_inputs", "missing 1 required positional argument: 'right'"),
        ("nan_producer", "NaN or infinity to an empty frame, first in layer divide"),
        ("always_random", "different numbers, first in dropout"),
        ("counting", "keep no state between frames"),
        ("size_changer", "depends on the content of the frame"),
        ("path_changer", "another path through its layers"),
        ("class_number", "the number of the best class"),
        ("text_answer", "answers str without a tensor"),
        ("half_precision", "fails on a frame (1, 1, 32, 32) of float32"),
        ("for_colour", "to have 3 channels, but got 1 channels"),
        ("without_weights", "give its weights numbers"),
        ("ending_network", "fails on a frame (1, 1, 32, 32) of float32 (SystemExit"),
    ],
)
def test_a_network_that_cannot_be_measured_is_named(name, said):
    assert said in refused_module(getattr(networks, name)())


def test_a_network_that_answers_always_the_same_gets_no_verdict():
    with pytest.raises(AuditError, match="do not answer to a contact"):
        audit(networks.constant_answer(), SHAPE)


def test_a_network_that_fills_the_memory_is_stopped(monkeypatch):
    monkeypatch.setattr(steps, "ELEMENT_LIMIT", 50_000)
    assert "more than 5.0e+04 numbers" in refused_module(networks.memory_blow_up())
    subject = subject_of_module(networks.exact(), SHAPE)
    with pytest.raises(AuditError, match="are kept at once"):
        subject.layers(np.zeros((9, *SHAPE), np.float32))


@pytest.mark.parametrize("shape", [(1, 0, 32), (1, -3, 5), (1, 10**6, 10**6)])
def test_frames_that_cannot_be_made_are_refused(shape):
    assert "cannot be made" in refused_module(networks.exact(), shape)


@pytest.mark.parametrize("shape", [(1, 32), (1, 3, 32, 32), (0, 1, 32, 32)])
def test_frames_of_another_shape_are_refused(shape):
    subject = subject_of_module(networks.exact(), SHAPE)
    with pytest.raises(AuditError, match="it takes"):
        subject.layers(np.zeros(shape, np.float32))


def test_a_vector_alone_can_be_audited():
    subject = subject_of_module(networks.invariant_scores(), SHAPE)
    scores = subject.layers(np.ones((2, *SHAPE), np.float32))[-1]
    assert scores.is_output
    assert scores.values.shape == (2, 3)
