"""Trace a torch or TorchScript module: every operator it calls, as it calls it.

In inference mode torch hands the recorder whole operators (`pad` with its mode, `conv2d` with
its padding) rather than the parts that they are made of; calls of functions and operators that
TorchScript runs are seen alike.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tactile_equiv.audit import steps as limits
from tactile_equiv.audit.steps import Step
from tactile_equiv.audit.torch_operations import CONTENT_FREE, describe
from tactile_equiv.errors import AuditError
from tactile_equiv.frame import FloatArray

Answer = Callable[[Tensor], Any]


class TorchTrace:
    """Runs a module on one frame after another and tells the steps; on the CPU, one thread.

    Args:
        name: of the network, for messages.
        module: switched to evaluation; gives the steps their names.
        answer: what is run; the module itself when None.

    Raises:
        AuditError: if its weights are not there.
    """

    def __init__(self, name: str, module: nn.Module, answer: Answer | None = None) -> None:
        self._name = name
        plain: nn.Module = getattr(module, "_orig_mod", module)  # what torch.compile wraps
        try:
            self._module = plain.eval().to("cpu")
        except (NotImplementedError, RuntimeError) as error:
            raise AuditError(
                f"{name} cannot be moved to the CPU ({' '.join(str(error).split()):.200}): give "
                "its weights numbers before it is audited"
            ) from error
        self._answer = answer or self._module
        self._places = _Places(self._module)
        torch.set_num_threads(1)

    def __call__(self, frame: FloatArray) -> list[Step]:
        """Steps of one frame (1, C, H, W).

        Raises:
            AuditError: if the network fails, or answers nothing that can be measured.
        """
        given = torch.from_numpy(frame.copy())
        recorder = _Recorder(self._name, given, self._places)
        with torch.inference_mode(), self._places.followed(), recorder:
            answer = self._run(given, recorder)
        outputs = [*_tensors(answer)]
        if not outputs:
            raise AuditError(
                f"{self._name} answers {type(answer).__name__} without a tensor of floating-point "
                "numbers: it must give maps, features or scores (a tensor, tuple, list or dict), "
                "not the number of the best class"
            )
        return recorder.steps + [
            Step(name, "output", name, (id(tensor),), (name,), _array(tensor))
            for name, tensor in outputs
        ]

    def _run(self, given: Tensor, recorder: _Recorder) -> Any:
        try:
            return self._answer(given)
        except (Exception, SystemExit) as error:
            if recorder.refusal is not None:
                raise recorder.refusal from None
            shape = tuple(given.shape)
            raise AuditError(
                f"{self._name} fails on a frame {shape} of float32 "
                f"({type(error).__name__}: {' '.join(str(error).split()):.300}): give the size "
                "that it takes (--input CxHxW), or a factory that wraps it for such frames"
            ) from error


class _Places:
    """Which module is running; in TorchScript, which module owns a weight."""

    def __init__(self, module: nn.Module) -> None:
        self._modules = dict(module.named_modules())
        self._whole = {name for name, part in self._modules.items() if not [*part.children()]}
        owned = [*module.named_parameters(), *module.named_buffers()]
        self._owners = {_memory(tensor): name.rpartition(".")[0] for name, tensor in owned}
        self._stack = [""]

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Hooks on every module that takes some, while it lasts."""
        self._stack = [""]
        handles = []
        for name, module in self._modules.items():
            if isinstance(module, torch.jit.ScriptModule):
                continue
            handles.append(module.register_forward_pre_hook(self._enter(name)))
            handles.append(module.register_forward_hook(self._leave))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, name: str) -> Callable[..., None]:
        return lambda *_: self._stack.append(name)

    def _leave(self, *_: Any) -> None:
        self._stack.pop()

    def name(self, operation: str, inputs: Iterable[Tensor]) -> str:
        """Path of a module, with the operation where the module runs several."""
        owners = (self._owners.get(_memory(tensor), "") for tensor in inputs)
        path = next((owner for owner in owners if owner), self._stack[-1])
        if path and path in self._whole:
            return path
        return f"{path}.{operation}" if path else operation


class _Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every operator whose result depends on the frame."""

    def __init__(self, name: str, frame: Tensor, places: _Places) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.steps = [Step("input", "view", "input", (), id(frame), frame.numpy())]
        self.refusal: AuditError | None = None
        self._name, self._places = name, places
        self._alive: list[Any] = [frame]  # an id or an address is not used twice
        self._depending = {_memory(frame)}
        self._elements = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """False: torch else imports its compiler, for seconds, only to keep it off the recorder."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = dict(zip((a.name for a in func._schema.arguments), args, strict=False))
        given |= kwargs or {}
        inputs = [*_leaves([*given.values()])]
        operator = func._schema.name.split("::")[1].strip("_")
        if self._depends(inputs) and operator not in CONTENT_FREE:
            defaults = {a.name: a.default_value for a in func._schema.arguments}
            self._record(operator, defaults | given, inputs, [*_leaves(result)])
        return result

    def _depends(self, inputs: list[Tensor]) -> bool:
        return any(_memory(tensor) in self._depending for tensor in inputs)

    def _record(
        self, operator: str, given: dict[str, Any], inputs: list[Tensor], results: list[Tensor]
    ) -> None:
        self._alive.append((inputs, results))
        self._depending |= {_memory(result) for result in results}
        self._limit(results)
        for result in results:
            if not result.is_floating_point():
                continue
            operation, settings = describe(operator, given, inputs[0], result)
            name = self._places.name(operation, inputs)
            sources = tuple(map(id, inputs))
            values = _array(result)
            self.steps.append(
                Step(name, operation, operator, sources, id(result), values, settings)
            )
            if operation != "view":
                break  # beside the first result others hold indices or statistics

    def _limit(self, results: list[Tensor]) -> None:
        self._elements += sum(result.numel() for result in results)
        if self._elements > limits.ELEMENT_LIMIT:
            self.refusal = AuditError(
                f"{self._name} makes more than {limits.ELEMENT_LIMIT:.1e} numbers of one frame: "
                "audit it with a smaller frame (--input CxHxW)"
            )
            raise self.refusal


def _leaves(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)


def _tensors(answer: Any, name: str = "output") -> Iterator[tuple[str, Tensor]]:
    """Floating-point tensors of an answer, each with a name of its own: its key, or its place."""
    if isinstance(answer, Tensor):
        if answer.is_floating_point():
            yield name, answer
    elif isinstance(answer, (list, tuple)):
        for index, part in enumerate(answer):
            yield from _tensors(part, f"{name}.{index}")
    elif isinstance(answer, dict):
        for key, part in answer.items():
            yield from _tensors(part, f"{name}.{key}".removeprefix("output."))


def _memory(tensor: Tensor) -> Hashable:
    """Where the numbers are: the same for a tensor and every view of it."""
    try:
        return tensor.untyped_storage().data_ptr() or id(tensor)
    except (NotImplementedError, RuntimeError, ValueError):  # no storage, or none yet (lazy)
        return id(tensor)


def _array(tensor: Tensor) -> NDArray[Any]:
    dense = tensor if tensor.layout == torch.strided else tensor.to_dense()
    wide = dense if dense.dtype in (torch.float32, torch.float64) else dense.float()
    return np.array(wide.detach().numpy())
