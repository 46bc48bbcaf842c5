"""Time several functions in turns, so that a busy machine slows all of them alike."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.aligned_lines import aligned_lines

SHORTEST = 2e-3  # seconds; faster functions are called several times for one measurement
LONGEST_ROUND = 1.0  # seconds; where one call of each takes longer, there are fewer rounds


def interleaved(
    functions: Mapping[str, Callable[[], object]], rounds: int = 40
) -> dict[str, NDArray[np.float64]]:
    """Seconds a call of each function, one value for each round, rounds taken in turns.

    Args:
        functions: by name.
        rounds: at most so many; at least 5.
    """
    once = {name: _seconds(function, 1) for name, function in functions.items()}  # warm
    once = {name: _seconds(function, 1) for name, function in functions.items()}
    calls = {name: max(1, round(SHORTEST / max(once[name], 1e-9))) for name in functions}
    rounds = max(5, min(rounds, round(rounds * LONGEST_ROUND / sum(once.values()))))
    found: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            found[name].append(_seconds(function, calls[name]))
    return {name: np.array(values) for name, values in found.items()}


def ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> float:
    """Median over the rounds of one function's time to another's in the same round."""
    return float(np.median(above / below))


def median_ms(seconds: NDArray[np.float64]) -> float:
    """Median in milliseconds."""
    return 1e3 * float(np.median(seconds))


def _seconds(function: Callable[[], object], calls: int) -> float:
    begun = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - begun) / calls


def processor() -> str:
    """Name of this machine's processor."""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def table(columns: list[str], rows: list[list[Any]]) -> str:
    """Rows as aligned lines; numbers to three digits."""
    return aligned_lines([columns, *([_text(cell) for cell in row] for row in rows)])


def options_of(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options of a benchmark of one model: --model, --rounds, --json."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", default="tekscan_objects")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    return parser


def record(file: Path | None, figures: Any) -> None:
    """Write figures as JSON, where a file is named."""
    if file is not None:
        file.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def _text(cell: Any) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
