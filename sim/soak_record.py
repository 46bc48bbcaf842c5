"""What a soak measured, in arrays whose size does not depend on how long it runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.frame_accounts import Totals
from tactile_equiv_sim.process_samples import FIGURES, ProcessSample

from tactile_equiv.errors import DataError

OBSERVER = "observer"
PROCESSES = ("simulator", "perception", OBSERVER)
SAMPLES = 4000
"""At most so many samples of the processes."""
SHORTEST_PERIOD = 0.2  # seconds between two samples
BLOCKS = 200
"""Blocks of the run, each with a histogram of latencies."""
EDGES: NDArray[np.float64] = np.logspace(-5, 2, 1401)
"""Seconds: bounds of the bins of a histogram, 1.2 % wide."""
COUNTS = ("published", "answered", "dropped", "refused")
ARRAYS = ("times", "processes", "machine", "counts", "latencies", "missed")


@dataclass(frozen=True)
class SoakPlan:
    """What was run.

    Attributes:
        rate_hz: frames a second.
        seconds: measured, after the warm-up.
        warm_up_s: before it, seconds.
        deadline_s: an answer that comes later after its frame missed its deadline.
        processes: their names.
        machine: on which it ran, in words.
    """

    rate_hz: float
    seconds: float
    warm_up_s: float
    deadline_s: float
    processes: tuple[str, ...]
    machine: str

    @property
    def period_s(self) -> float:
        """Between two samples, seconds."""
        return max(SHORTEST_PERIOD, (self.seconds + self.warm_up_s) / SAMPLES)


class SoakRecord:
    """Filled while it runs.

    Attributes:
        plan: what is run.
        times: (N,) of the samples, seconds since the end of the warm-up; NaN = not yet.
        processes: (N, P, F): `FIGURES` of each process.
        machine: (N, 2): CPU time of all cores spent and taken away, seconds.
        counts: (N, 4): frames since the first balance, `COUNTS`.
        latencies: (BLOCKS, B) answers by block and bin of `EDGES`.
        missed: (BLOCKS,) deadlines.
        notes: other counts by name.
    """

    def __init__(self, plan: SoakPlan) -> None:
        self.plan = plan
        count = int((plan.seconds + plan.warm_up_s) / plan.period_s) + 2
        self.times = np.full(count, np.nan)
        self.processes = np.full((count, len(plan.processes), len(FIGURES)), np.nan)
        self.machine = np.full((count, 2), np.nan)
        self.counts = np.full((count, len(COUNTS)), np.nan)
        self.latencies = np.full((BLOCKS, len(EDGES) - 1), 0, np.uint32)  # touched: never grows
        self.missed = np.full(BLOCKS, 0, np.uint32)
        self.notes: dict[str, int] = {}
        self._samples = 0

    def add_sample(
        self,
        time_s: float,
        samples: list[ProcessSample],
        machine: tuple[float, float],
        totals: Totals,
    ) -> None:
        """The processes and the counts, so long after the warm-up; nothing where it is full."""
        if self._samples == len(self.times):
            return
        at = self._samples
        self._samples += 1
        self.times[at] = time_s
        self.processes[at] = [[getattr(one, name) for name in FIGURES] for one in samples]
        self.machine[at] = machine
        self.counts[at] = [getattr(totals, name) for name in COUNTS]

    def add_latency(self, time_s: float, latency_s: float) -> None:
        """An answer came so long after its frame; outside of the measured time nothing."""
        block = int(time_s / self.plan.seconds * BLOCKS)
        if time_s < 0 or block >= BLOCKS:
            return
        place = int(np.searchsorted(EDGES, latency_s, "right")) - 1
        self.latencies[block, min(max(place, 0), len(EDGES) - 2)] += 1
        self.missed[block] += latency_s > self.plan.deadline_s

    def complete(self, notes: dict[str, int]) -> None:
        """The run is over: places of samples that never came are cut off."""
        self.notes = notes
        for name in ("times", "processes", "machine", "counts"):
            setattr(self, name, getattr(self, name)[: self._samples])

    def save(self, file: BinaryIO) -> None:
        """Write it as .npz, once it is complete."""
        about = json.dumps({"plan": asdict(self.plan), "notes": self.notes})
        np.savez_compressed(file, about=about, **{name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def load(cls, file: Path) -> SoakRecord:
        """What `save` wrote.

        Raises:
            DataError: if it is no such file.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                about = json.loads(str(arrays["about"]))
                plan = SoakPlan(**about["plan"] | {"processes": tuple(about["plan"]["processes"])})
                record = cls(plan)
                for name in ARRAYS:
                    setattr(record, name, arrays[name])
                record.notes = {name: int(count) for name, count in about["notes"].items()}
            record._check_shapes()
        except (OSError, EOFError, BadZipFile, KeyError, ValueError, TypeError) as error:
            raise DataError(f"{file} is no record of a soak: {error}") from error
        return record

    def _check_shapes(self) -> None:
        """Raises ValueError where the arrays do not fit together."""
        count = len(self.times)
        wanted = {
            "times": (count,),
            "processes": (count, len(self.plan.processes), len(FIGURES)),
            "machine": (count, 2),
            "counts": (count, len(COUNTS)),
            "latencies": (BLOCKS, len(EDGES) - 1),
            "missed": (BLOCKS,),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} is {getattr(self, name).shape}, expected {shape}")
