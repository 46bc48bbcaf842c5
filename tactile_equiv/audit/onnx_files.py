"""Files of ONNX: opened as data, and only where everything they need is inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tactile_equiv.errors import AuditError

DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")


def parsed(name: str, content: bytes) -> Any:
    """The model of a file; no other file is opened.

    Raises:
        AuditError: if it is no ONNX graph, or needs tensors or operators from elsewhere.
    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf raises classes of its own
        raise AuditError(
            f"{name} is not an ONNX file ({' '.join(str(error).split()):.200}): export it again"
        ) from error
    if not model.graph.node:
        raise AuditError(f"{name} holds no ONNX graph with nodes: export it again")
    _require_self_contained(name, model)
    return model


def _require_self_contained(name: str, model: Any) -> None:
    for tensor in _tensors(model):
        if tensor.data_location == tensor.EXTERNAL:
            raise AuditError(
                f"{name} keeps tensor {tensor.name!r} in another file, which is not opened: save "
                "it whole (torch.onnx.export(..., external_data=False), or onnx.save of what "
                "onnx.load read)"
            )
    if any(_sparse_tensors(model)):
        raise AuditError(
            f"{name} holds a sparse tensor, which a few bytes can make swell when it is read: "
            "save it dense"
        )
    local = {function.domain for function in model.functions}
    for graph in _graphs(model):
        for node in graph.node:
            if node.domain not in DOMAINS and node.domain not in local:
                raise AuditError(
                    f"{name} needs operator {node.op_type!r} of domain {node.domain!r}, which is "
                    "code outside the file: export it with the operators of ONNX alone"
                )


def _graphs(model: Any) -> Iterator[Any]:
    """The graph, every function, and every graph inside a node."""
    left = [model.graph, *model.functions]
    while left:
        graph = left.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                left += [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _sparse_tensors(model: Any) -> Iterator[bool]:
    for graph in _graphs(model):
        yield bool(getattr(graph, "sparse_initializer", ()))
        for attribute in (attribute for node in graph.node for attribute in node.attribute):
            yield attribute.HasField("sparse_tensor") or bool(attribute.sparse_tensors)


def _tensors(model: Any) -> Iterator[Any]:
    for graph in _graphs(model):
        yield from getattr(graph, "initializer", ())
        for attribute in (attribute for node in graph.node for attribute in node.attribute):
            yield from [attribute.t, *attribute.tensors]


def image_input(name: str, graph: Any) -> tuple[str, tuple[int | None, ...]]:
    """Name and declared (C, H, W) of the only input; None where a size is open.

    Raises:
        AuditError: if the graph takes anything but frames (N, C, H, W) of float32.
    """
    from onnx import TensorProto

    weights = {part.name for part in graph.initializer}
    inputs = [part for part in graph.input if part.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(part.name for part in inputs) or "none"
        raise AuditError(f"{name} has {len(inputs)} inputs ({names}): it must take frames alone")
    tensor = inputs[0].type.tensor_type
    sizes = [d.dim_value if d.dim_value > 0 else None for d in tensor.shape.dim]
    told = f"{TensorProto.DataType.Name(tensor.elem_type)} {tuple(s or '?' for s in sizes)}"
    if tensor.elem_type != TensorProto.FLOAT or (tensor.HasField("shape") and len(sizes) != 4):
        raise AuditError(f"{name} takes {told}: it must take frames (N, C, H, W) of float32")
    count, *image = sizes or [None] * 4
    if count not in (None, 1):
        raise AuditError(
            f"{name} takes {count} frames at once ({told}): export it for 1, or for any number"
        )
    if image[2] is not None and image[2] <= 4 < (image[0] or 0):
        raise AuditError(
            f"{name} takes {told}, channels last as it seems: it must take frames (N, C, H, W)"
        )
    return inputs[0].name, tuple(image)
