"""The raw network on every engine, against the arithmetic that it needs at least.

The floor is the number of multiply-adds over the rate at which this core multiplies matrices,
measured in the same run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from timing import interleaved, median_ms, options_of, ratio, record, table

from tactile_equiv.latency import multiply_adds
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model

SIZES = ((16, 16), (32, 32), (28, 50), (64, 64), (128, 128), (240, 320), (512, 512))
ENGINES = ("torch", "onnxruntime", "opencv")
MATRIX = 768


def engines(model: str, names: Sequence[str] = ENGINES) -> dict[str, Model]:
    """The model on every engine that is here and proves parity."""
    loaded = {name: load_model(find_model(model), name) for name in names}
    return {name: found for name, found in loaded.items() if found.backend.name == name}


def frame_of(model: Model, rows: int, columns: int) -> Any:
    """A frame (C, H, W) in network units, touched everywhere."""
    channels = model.card.architecture.input_channels
    random = np.random.default_rng(0)
    return random.uniform(0, 3, (channels, rows, columns)).astype(np.float32)


def measure(model: str, sizes: Sequence[tuple[int, int]], rounds: int) -> list[dict[str, Any]]:
    """One record for each size: milliseconds of each engine and ratios to torch eager."""
    loaded = engines(model)
    left, right = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    found = []
    for rows, columns in sizes:
        architecture = loaded["torch"].card.architecture
        frame = frame_of(loaded["torch"], rows, columns)
        functions: dict[str, Any] = {
            name: partial(engine.backend.run, frame) for name, engine in loaded.items()
        }
        times = interleaved({**functions, "matrix": lambda: left @ right}, rounds)
        peak = MATRIX**3 / np.quantile(times["matrix"], 0.1)  # multiply-adds a second
        needed = multiply_adds(architecture, rows, columns)
        found.append(
            {
                "rows": rows,
                "columns": columns,
                "multiply_adds": needed,
                "floor_ms": 1e3 * needed / peak,
                "gflops_peak": 2e-9 * peak,
                "median_ms": {name: median_ms(times[name]) for name in loaded},
                "over_torch": {name: ratio(times[name], times["torch"]) for name in loaded},
                "over_floor": {
                    name: float(np.median(times[name])) * peak / needed for name in loaded
                },
            }
        )
    return found


def report(records: list[dict[str, Any]]) -> str:
    """The records as a table."""
    names = list(records[0]["median_ms"])
    columns = ["frame", "floor ms", *(f"{name} ms" for name in names)]
    columns += [f"{name} / torch" for name in names[1:]] + [f"{name} / floor" for name in names]
    rows = [
        [
            f"{record['rows']}x{record['columns']}",
            record["floor_ms"],
            *record["median_ms"].values(),
            *list(record["over_torch"].values())[1:],
            *record["over_floor"].values(),
        ]
        for record in records
    ]
    return table(columns, rows)


def main() -> None:
    """Print the table."""
    options = options_of(__doc__, 40).parse_args()
    torch.set_num_threads(1)
    records = measure(options.model, SIZES, options.rounds)
    print(report(records))
    record(options.json, records)


if __name__ == "__main__":
    main()
