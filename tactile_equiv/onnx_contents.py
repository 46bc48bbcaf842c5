"""What an export may hold: operators that only compute, and every number inside the file.

ONNX can do more: it names other files to read tensors from, loops without end, calls extensions of
an engine. An engine would follow. So an export is looked through before an engine sees it, in the
wire format of Protocol Buffers (protobuf.dev, "Encoding"; the numbers of the fields are those of
onnx.proto), because a robot has an engine and may lack the package onnx.
"""

from __future__ import annotations

from collections.abc import Iterator

from tactile_equiv.errors import ModelError

OPERATORS = {
    *("Abs", "Add", "And", "Cast", "Ceil", "Clip", "Concat", "Constant", "ConstantOfShape"),
    *("Conv", "Div", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "Gather", "Gelu"),
    *("Greater", "Identity", "Less", "Log", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pad"),
    *("Pow", "Range", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu"),
    *("Reshape", "Shape", "Sigmoid", "Slice", "Softplus", "Split", "Sqrt", "Squeeze", "Sub"),
    *("Sum", "Tanh", "Transpose", "Unsqueeze", "Where"),
}
"""Operators that exporters of torch make of our networks, and their next of kin."""
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
MODEL_GRAPH, MODEL_TRAINING, MODEL_FUNCTIONS = 7, 20, 25
GRAPH_NODE, GRAPH_TENSOR, GRAPH_SPARSE_TENSOR = 1, 5, 15
NODE_OPERATOR, NODE_ATTRIBUTE, NODE_DOMAIN = 4, 5, 7
ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS, ATTRIBUTE_SPARSE_TENSORS = (5, 10), (6, 11), (22, 23)
TENSOR_EXTERNAL, TENSOR_LOCATION = 13, 14

Value = int | memoryview


def require_plain(onnx: bytes) -> None:
    """Look through an ONNX file.

    Raises:
        ModelError: if it is none, keeps numbers in other files, or holds an operator, a graph
            inside a graph or a sparse tensor, which our exports never do.
    """
    try:
        for number, part in _messages(memoryview(onnx)):
            if number in (MODEL_TRAINING, MODEL_FUNCTIONS):
                raise _refused("training steps or functions")
            if number == MODEL_GRAPH:
                _check_graph(part)
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError(
            "the export is no ONNX file or is cut off: train or export the model again"
        ) from error


def _check_graph(graph: memoryview) -> None:
    for number, part in _messages(graph):
        if number == GRAPH_NODE:
            _check_node(part)
        elif number == GRAPH_TENSOR:
            _check_tensor(part)
        elif number == GRAPH_SPARSE_TENSOR:
            raise _refused("a sparse tensor, which a few bytes can make swell")


def _check_node(node: memoryview) -> None:
    for number, part in _messages(node):
        if number == NODE_OPERATOR and (name := str(part, "utf-8")) not in OPERATORS:
            raise _refused(f"the operator {name!r:.40}")
        if number == NODE_DOMAIN and (domain := str(part, "utf-8")) not in ("", "ai.onnx"):
            raise _refused(f"operators of the domain {domain!r:.40}")
        if number == NODE_ATTRIBUTE:
            _check_attribute(part)


def _check_attribute(attribute: memoryview) -> None:
    for number, part in _messages(attribute):
        if number in ATTRIBUTE_GRAPHS:
            raise _refused("a graph inside a graph")
        if number in ATTRIBUTE_SPARSE_TENSORS:
            raise _refused("a sparse tensor, which a few bytes can make swell")
        if number in ATTRIBUTE_TENSORS:
            _check_tensor(part)


def _check_tensor(tensor: memoryview) -> None:
    for number, value in _fields(tensor):
        if number == TENSOR_EXTERNAL or (number == TENSOR_LOCATION and value != 0):
            raise _refused("numbers in another file")


def _messages(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of every field that can hold a message or a text."""
    for number, value in _fields(content):
        if isinstance(value, memoryview):
            yield number, value


def _fields(content: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of every field of a message."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(content, at)
            yield number, value
            continue
        if wire == BYTES:
            length, at = _varint(content, at)
        elif wire in (FIXED_64, FIXED_32):
            length = 8 if wire == FIXED_64 else 4
        else:
            raise IndexError(f"wire type {wire}")
        if at + length > len(content):
            raise IndexError("the message is cut off")
        yield number, content[at : at + length]
        at += length


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """A whole number and where it ends."""
    value = 0
    for place in range(10):
        byte = content[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise IndexError("a number without end")


def _refused(what: str) -> ModelError:
    return ModelError(
        f"the export holds {what}, which exports of this package never do: delete network.onnx and "
        "its hash in card.json, or train the model again"
    )
