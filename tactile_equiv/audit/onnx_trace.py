"""Trace an ONNX file: every node of its graph is an output, and nothing is fused away."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.audit import steps as limits
from tactile_equiv.audit.onnx_files import image_input, parsed
from tactile_equiv.audit.onnx_operations import CONTENT_FREE, describe
from tactile_equiv.audit.steps import Step
from tactile_equiv.errors import AuditError
from tactile_equiv.frame import FloatArray

NO_INPUT: NDArray[Any] = np.zeros(0)


class OnnxTrace:
    """Runs a graph on one frame after another and tells the steps.

    Attributes:
        declared: (C, H, W) as the file declares them, None where it leaves a size open.

    Args:
        name: of the network, for messages.
        content: of the file.

    Raises:
        AuditError: if it is no ONNX graph of one image-like input, or needs other files or code.
    """

    def __init__(self, name: str, content: bytes) -> None:
        from onnx.numpy_helper import to_array

        self._name = name
        model = parsed(name, content)
        self._input, self.declared = image_input(name, model.graph)
        self._model = model
        self._nodes = [*_depending(model.graph, self._input)]
        self._answers = [output.name for output in model.graph.output]
        self._constants: dict[str, NDArray[Any]] = {
            part.name: to_array(part) for part in model.graph.initializer
        }
        self._session, self._fetched = _session(name, model)

    def require_size(self, input_shape: tuple[int, int, int]) -> None:
        """Refuse frames (C, H, W) whose tensors would not fit into memory.

        Raises:
            AuditError: if the graph tells that it makes too many numbers of one.
        """
        elements = _inferred_elements(self._model, self._input, input_shape)
        if elements > limits.ELEMENT_LIMIT:
            raise AuditError(
                f"{self._name} makes {elements:.1e} numbers of one frame: at most "
                f"{limits.ELEMENT_LIMIT:.1e} are kept; audit it with a smaller frame "
                "(--input CxHxW)"
            )

    def __call__(self, frame: FloatArray) -> list[Step]:
        """Steps of one frame (1, C, H, W).

        Raises:
            AuditError: if the network fails, or answers nothing that can be measured.
        """
        try:
            steps, outputs = self._traced(frame)
        except Exception as error:  # onnxruntime raises classes of its own
            raise AuditError(
                f"{self._name} fails on a frame {frame.shape} of float32 "
                f"({' '.join(str(error).split()):.300}): give the size that it takes "
                "(--input CxHxW)"
            ) from error
        if not outputs:
            raise AuditError(
                f"{self._name} answers no tensor of floating-point numbers "
                f"({', '.join(self._answers)}): it must give maps, features or scores, not the "
                "number of the best class"
            )
        return steps + outputs

    def _traced(self, frame: FloatArray) -> tuple[list[Step], list[Step]]:
        results = self._session.run(None, {self._input: frame})
        found = dict(zip(self._fetched, results, strict=True)) | {self._input: frame}
        steps = [Step("input", "view", "input", (), self._input, frame)]
        steps += [self._step(node, found) for node in self._nodes if _is_measured(node, found)]
        outputs = [
            Step(name, "output", name, (name,), (name,), wide(found[name]))
            for name in self._answers
            if _is_floating(found[name])
        ]
        return steps, outputs

    def _step(self, node: Any, found: dict[str, NDArray[Any]]) -> Step:
        from onnx.helper import get_attribute_value

        attributes = {a.name: _text(get_attribute_value(a)) for a in node.attribute}
        inputs = [self._array(name, found) for name in node.input]
        result = found[node.output[0]]
        operation, settings = describe(node.op_type, attributes, inputs, result)
        name = node.name or node.output[0]
        sources = tuple(node.input)
        return Step(name, operation, name, sources, node.output[0], wide(result), settings)

    def _array(self, name: str, found: dict[str, NDArray[Any]]) -> NDArray[Any]:
        return self._constants.get(name, found.get(name, NO_INPUT))


def load_onnx(name: str, file: Path) -> OnnxTrace:
    """The trace of a file.

    Raises:
        AuditError: see `OnnxTrace`; also if onnx or onnxruntime is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise AuditError(
            f"{name} is an ONNX file, and {error.name} is not installed: "
            "pip install 'tactile_equiv[onnx]'"
        ) from error
    try:
        return OnnxTrace(name, file.read_bytes())
    except AuditError:
        raise
    except Exception as error:  # a damaged file can have any wrong value anywhere
        raise AuditError(
            f"{name} is damaged ({' '.join(str(error).split()):.200}): export it again"
        ) from error


def wide(values: NDArray[Any]) -> NDArray[Any]:
    """Half precision as float32; others as they are."""
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _depending(graph: Any, frames: str) -> Iterator[Any]:
    """Nodes whose numbers depend on the frames; one with a graph inside may read anything."""
    reached = {frames}
    for node in graph.node:
        has_graph = any(attribute.HasField("g") for attribute in node.attribute)
        if has_graph or (reached & {*node.input} and node.op_type not in CONTENT_FREE):
            reached |= {*node.output}
            yield node


def _session(name: str, model: Any) -> tuple[Any, list[str]]:
    """A session that answers with the result of every node, and their names."""
    import onnx
    import onnxruntime

    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    results = {result for node in opened.graph.node for result in node.output if result}
    inner = sorted(results - {output.name for output in opened.graph.output})
    opened.graph.output.extend(onnx.ValueInfoProto(name=result) for result in inner)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            opened.SerializeToString(),
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # it would print, and try the same again
        )
    except Exception as error:  # onnxruntime raises classes of its own
        raise AuditError(
            f"{name} cannot be run ({' '.join(str(error).split()):.300}): export it with the "
            "operators of ONNX, or install a newer onnxruntime"
        ) from error
    return session, [output.name for output in session.get_outputs()]


def _inferred_elements(model: Any, frames: str, input_shape: tuple[int, int, int]) -> int:
    """Numbers of all results whose shape the graph tells beforehand."""
    import onnx

    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    given = next(part for part in sized.graph.input if part.name == frames)
    given.CopyFrom(
        onnx.helper.make_tensor_value_info(frames, onnx.TensorProto.FLOAT, [1, *input_shape])
    )
    try:
        graph = onnx.shape_inference.infer_shapes(sized).graph
    except Exception:  # the run that follows tells what is wrong
        return 0
    shapes = ([d.dim_value for d in part.type.tensor_type.shape.dim] for part in graph.value_info)
    return sum(max(math.prod(shape), 0) for shape in shapes)


def _is_floating(values: Any) -> bool:
    return isinstance(values, np.ndarray) and np.issubdtype(values.dtype, np.floating)


def _is_measured(node: Any, found: dict[str, NDArray[Any]]) -> bool:
    return bool(node.output) and _is_floating(found.get(node.output[0]))


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
