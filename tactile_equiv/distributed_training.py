"""Training by several processes: `torchrun --nproc-per-node 2 -m tactile_equiv.console train ...`

All processes draw the same batches from the same seed, and each computes its share of every batch.
DistributedDataParallel averages the gradients. So they take the steps that one process takes, up to
rounding; one process alone takes exactly its own.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from tactile_equiv.errors import TactileError, TrainingError

PATIENCE = timedelta(minutes=10)  # for a process that says nothing and has not ended either

TRANSPORTS = ("gloo", "nccl", "connection", "socket", "timeout", "timed out")
"""One of these is named by what torch raises when processes lose each other."""

HOLDS_GROUP = "torch.distributed.nn.functional"
"""Its functions take the group that exists when it is first imported as a default, for good.

DistributedDataParallel imports it. A held group keeps its threads, and a process that ends while
they run can abort (`terminate called without an active exception`).
"""

Losses = dict[str, Tensor]


class Batches(Protocol):
    """What training draws, see `PressBatches`."""

    def real(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Frames, masks and labels of so many real presses."""
        ...

    def simulated(self, count: int) -> tuple[Tensor, Tensor]:
        """Frames and masks of so many simulated presses."""
        ...


LossFunction = Callable[[Any, Batches], Losses]


@dataclass(frozen=True)
class Team:
    """The processes that train together, as one of them sees them.

    Attributes:
        rank: number of this process, from 0.
        size: number of processes.
        device: "cpu", or the CUDA device of this process.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this process prints and writes."""
        return self.rank == 0

    def command_line(self, alone: str) -> str:
        """The command that starts this team, from that of one process."""
        if self.size == 1:
            return alone
        arguments = alone.split(" ", 1)[1]
        return f"torchrun --nproc-per-node {self.size} -m tactile_equiv.console {arguments}"

    def mean(self, losses: dict[str, float]) -> dict[str, float]:
        """Losses by name, averaged over the processes."""
        if self.size == 1:
            return losses
        values = torch.tensor(list(losses.values()), device=self.device, dtype=torch.float64)
        distributed.all_reduce(values)
        return dict(zip(losses, (values / self.size).tolist(), strict=True))

    def require_same(self, what: str, value: str) -> None:
        """Compare a text between all processes.

        Raises:
            TrainingError: in all of them, where it differs.
        """
        if self.size == 1:
            return
        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        for rank, other in enumerate(values):
            if other != values[0]:
                raise TrainingError(
                    f"process {rank} has other {what} than process 0 ({other:.80} and "
                    f"{values[0]:.80}): give all processes the same files and options, "
                    "and processors of one kind"
                )

    def require_one(self, reason: str) -> None:
        """Refuse what only one process on the CPU can do.

        Raises:
            TrainingError: if there are several, or another device.
        """
        if self.size > 1 or self.device != "cpu":
            raise TrainingError(f"{reason}: they are trained by one process on the CPU")


class Worker:
    """What one process does in a step: its share of the batch, on its device.

    Args:
        team: the processes.
        network: moved to the device; all processes go on from the weights of the first one.
        batches: the same in every process.
    """

    _calls = 0

    def __init__(self, team: Team, network: nn.Module, batches: Batches) -> None:
        self._team = team
        self._batches = batches if team == Team() else Share(team, batches)
        network.to(team.device)
        self._network = _Called(network)
        self._run: nn.Module = self._network
        if team.size > 1:
            self._run = DistributedDataParallel(self._network)

    def losses(self, function: LossFunction) -> Losses:
        """The losses of the network on this share, whose gradients are averaged on `backward`.

        Raises:
            TrainingError: if the first step has left other weights in another process.
        """
        self._calls += 1
        if self._calls == 2:
            self._team.require_same("weights", weights_hash(self._network))
        losses: Losses = self._run(function, self._batches)
        return losses

    def parameters(self) -> Iterator[nn.Parameter]:
        """The weights, whose gradients are those of the whole batch after `backward`."""
        return self._network.parameters()


class _Called(nn.Module):
    """Hands the network to a function, where DistributedDataParallel wants to call a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, function: LossFunction, batches: Batches) -> Losses:
        return function(self.network, batches)


class Share:
    """Every batch drawn whole, and every `size`-th press of it kept: equal shares."""

    def __init__(self, team: Team, batches: Batches) -> None:
        self._team, self._all = team, batches

    def real(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """This process's share; see `PressBatches.real`.

        Raises:
            TrainingError: if the presses cannot be shared equally.
        """
        if count % self._team.size:
            raise TrainingError(
                f"a batch of {count} presses has no {self._team.size} equal shares: give --batch "
                "a multiple of the number of processes"
            )
        frames, masks, labels = self._all.real(count)
        return self._kept(frames), self._kept(masks), self._kept(labels)

    def simulated(self, count: int) -> tuple[Tensor, Tensor]:
        """The same of simulated presses; where shares would not be equal, all of them."""
        frames, masks = self._all.simulated(count)
        if count % self._team.size:
            return frames.to(self._team.device), masks.to(self._team.device)
        return self._kept(frames), self._kept(masks)

    def _kept(self, values: Tensor) -> Tensor:
        return values[self._team.rank :: self._team.size].to(self._team.device)


def weights_hash(network: nn.Module) -> str:
    """SHA-256 of all weights and buffers."""
    found = hashlib.sha256()
    for values in network.state_dict().values():
        found.update(values.cpu().numpy().tobytes())
    return found.hexdigest()


@contextlib.contextmanager
def joined(device: str = "cpu") -> Iterator[Team]:
    """The team that the environment of this process names (`torchrun` sets it), joined.

    Processes after the first print nothing until they leave.

    Args:
        device: "auto" (CUDA where there is one), "cpu" or "cuda".

    Raises:
        TrainingError: if there is no such device, the environment is incomplete, or another process
            ends before this one is through.
    """
    size = int(_from_environment("WORLD_SIZE", "1"))
    if size <= 1:
        yield Team(device=_device(device, 0))
        return
    rank, place = int(_from_environment("RANK")), int(_from_environment("LOCAL_RANK", "0"))
    team = Team(rank, size, _device(device, place))
    _from_environment("MASTER_PORT")
    importlib.import_module(HOLDS_GROUP)
    with _said_in_words(team):
        distributed.init_process_group("gloo" if team.device == "cpu" else "nccl", timeout=PATIENCE)
        with contextlib.ExitStack() as silence:
            if not team.leads:
                nowhere = silence.enter_context(open(os.devnull, "w"))
                silence.enter_context(contextlib.redirect_stdout(nowhere))
                silence.enter_context(contextlib.redirect_stderr(nowhere))
            yield team
        gc.collect()
        distributed.destroy_process_group()


@contextlib.contextmanager
def _said_in_words(team: Team) -> Iterator[None]:
    """Say which process fails, and that another one has gone: gloo has no error of its own."""
    who = f"process {team.rank} of {team.size}"
    try:
        yield
    except TactileError as error:
        raise TrainingError(f"{who}: {error}") from error
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        if not any(word in reason.lower() for word in TRANSPORTS):
            raise
        raise TrainingError(
            f"{who} cannot go on without the others, one of which has ended or cannot be reached: "
            f"look for its message ({reason:.200})"
        ) from error


def _device(device: str, place: int) -> str:
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "cpu" or (device == "auto" and not found):
        return "cpu"
    if place >= found:
        raise TrainingError(
            f"this process is number {place} of its machine and needs a CUDA device of its own, "
            f"but torch sees {found}: start fewer processes, or give --device cpu"
        )
    torch.cuda.set_device(place)
    return f"cuda:{place}"


def _from_environment(name: str, default: str = "") -> str:
    text = os.environ.get(name, default)
    if not text.isdecimal():
        raise TrainingError(
            f"{name} is {text!r} in the environment: start several processes with torchrun, which "
            "sets it, or unset WORLD_SIZE"
        )
    return text
