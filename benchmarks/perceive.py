"""What `perceive` costs: over the raw network, around contacts, with the frame, in memory.

Ratios compare functions timed in turns. "raw" is the network on the whole frame, "whole" is
`perceive` with the network on the whole frame, "sparse" is `perceive` as it runs by default. Dense
against patch by patch compares one pass over the frame with a network that is handed the receptive
field around each taxel in turn; both give the same features.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from timing import interleaved, median_ms, options_of, ratio, record, table

from tactile_equiv import percept, touched_regions
from tactile_equiv.frame import level
from tactile_equiv.model import ContactHead, Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive

Frame = NDArray[np.float32]

CAMERA = (240, 320)
OVERHEAD_SIZES = ((32, 32), (28, 50), CAMERA)
GROWTH_SIDES = (16, 32, 64, 128, 256, 512)
CONTACT, SPACING = 48, 80  # side of a contact and distance to the next one, taxels, camera frame
FINGERTIP = 12  # side of the contact on growing frames, taxels
PATCHES = 512  # taxels evaluated one by one; the time of a frame follows from theirs
BATCH = 128
STEP_FRAMES = 400
SAME = 1e-5  # relative difference of features that count as the same


def frame_with(
    model: Model, size: tuple[int, int], boxes: list[tuple[int, int, int, int]]
) -> Frame:
    """A frame (H, W) with random presses in boxes (top, left, height, width)."""
    normalisation = model.card.normalisation
    frame = np.zeros(size, np.float32)
    for top, left, height, width in boxes:
        press = np.random.default_rng(top + left).uniform(0.5, 5, (height, width))
        frame[top : top + height, left : left + width] = (
            press * normalisation.scale + normalisation.dead_zone
        )
    return frame


def contacts_on_camera(model: Model, count: int) -> Frame:
    """A camera frame with up to 12 contacts of `CONTACT` x `CONTACT`."""
    places = [divmod(number, CAMERA[1] // SPACING) for number in range(count)]
    boxes = [(16 + SPACING * r, 16 + SPACING * c, CONTACT, CONTACT) for r, c in places]
    return frame_with(model, CAMERA, boxes)


def timed(model: Model, frame: Frame, rounds: int) -> dict[str, float]:
    """Milliseconds of sparse, whole and raw, and ratios of them."""
    network_input = level(frame, model.card.normalisation).network_input
    functions: dict[str, Callable[[], object]] = {
        "sparse": partial(perceive, model, frame),
        "whole": partial(perceive, model, frame, whole_frame=True),
        "raw": partial(model.backend.run, network_input),
    }
    times = interleaved(functions, rounds)
    return {
        **{f"{name}_ms": median_ms(seconds) for name, seconds in times.items()},
        "sparse_over_raw": ratio(times["sparse"], times["raw"]),
        "whole_over_raw": ratio(times["whole"], times["raw"]),
        "sparse_over_whole": ratio(times["sparse"], times["whole"]),
    }


def over_raw(model: Model, rounds: int) -> list[dict[str, Any]]:
    """`perceive` against the raw network: a contact of a third of each side, and all touched."""
    found = []
    for rows, columns in OVERHEAD_SIZES:
        third = (rows // 3, columns // 3, rows // 3, columns // 3)
        for touched, box in (("a third", third), ("everything", (0, 0, rows, columns))):
            frame = frame_with(model, (rows, columns), [box])
            subject = {"frame": f"{rows}x{columns}", "touched": touched}
            found.append({**subject, **timed(model, frame, rounds)})
    return found


def steps(model: Model) -> list[dict[str, Any]]:
    """Where the time of `perceive` goes at 32x32: median microseconds of each step in place."""
    places: tuple[tuple[str, Any, str], ...] = (
        ("level", percept, "level"),
        ("boxes", touched_regions, "touched_boxes"),
        ("network", type(model.backend), "run"),
        ("contact head", ContactHead, "probability"),
        ("pooling", touched_regions, "pooled_sums"),
        ("contacts", percept, "find_contacts"),
    )
    spent: dict[str, list[float]] = {name: [] for name, _, _ in places}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            begun = time.perf_counter()
            result = function(*arguments)
            spent[name].append(time.perf_counter() - begun)
            return result

        return call

    found = []
    for touched, box in (("a third", (10, 10, 10, 10)), ("everything", (0, 0, 32, 32))):
        frame, whole = frame_with(model, (32, 32), [box]), []
        for times in spent.values():
            times.clear()
        with ExitStack() as stack:
            for name, owner, attribute in places:
                stepped = timed(name, getattr(owner, attribute))
                stack.enter_context(patch.object(owner, attribute, stepped))
            for _ in range(STEP_FRAMES):
                begun = time.perf_counter()
                perceive(model, frame)
                whole.append(time.perf_counter() - begun)
        medians = {name: 1e6 * float(np.median(times or [0])) for name, times in spent.items()}
        total = 1e6 * float(np.median(whole))
        rest = total - sum(medians.values())
        found.append({"touched": touched, "total": total, **medians, "between them": rest})
    return found


def with_contacts(model: Model, rounds: int) -> list[dict[str, Any]]:
    """Sparse against whole on a camera frame with 0 to 8 contacts."""
    return [
        {"contacts": count, **timed(model, contacts_on_camera(model, count), rounds)}
        for count in range(9)
    ]


def with_area(model: Model, rounds: int) -> list[dict[str, Any]]:
    """Growth with the frame: one contact of fixed size, and everything touched."""
    found = []
    for side in GROWTH_SIDES:
        middle = (side - FINGERTIP) // 2
        one = frame_with(model, (side, side), [(middle, middle, FINGERTIP, FINGERTIP)])
        everything = frame_with(model, (side, side), [(0, 0, side, side)])
        few, all_over = timed(model, one, rounds), timed(model, everything, rounds)
        found.append(
            {
                "side": side,
                "one_contact_ms": few["sparse_ms"],
                "everything_ms": all_over["sparse_ms"],
                "raw_ms": all_over["raw_ms"],
                "everything_ns_per_taxel": 1e6 * all_over["sparse_ms"] / side**2,
            }
        )
    return found


def dense_against_patches(name: str, rounds: int) -> dict[str, Any]:
    """One pass over a camera frame against patch by patch, both in torch; and their difference.

    A patch is the receptive field of one taxel, (2R + 1)^2, and its network computes that taxel's
    features alone, without padding.
    """
    import torch
    from torch import Tensor

    from tactile_equiv.model_directory import load_network
    from tactile_equiv.torch_backend import network_of

    torch.set_num_threads(1)
    stored, card = load_network(find_model(name))
    network, radius = network_of(card.architecture, stored.weights), card.architecture.radius
    random = np.random.default_rng(0)
    frame = random.uniform(0, 3, CAMERA).astype(np.float32)
    taxels = random.integers(0, CAMERA, (PATCHES, 2))
    padded = np.pad(frame, radius)
    side = 2 * radius + 1
    patches = torch.from_numpy(np.stack([padded[r : r + side, c : c + side] for r, c in taxels]))

    def features_of(patch: Tensor) -> Tensor:
        values = patch[:, None]  # (N, 1, 2R + 1, 2R + 1)
        for layer in network.trunk:
            convolution = layer.convolution
            driven = torch.nn.functional.conv2d(
                values, convolution.weight, convolution.bias, dilation=convolution.dilation
            )
            background = layer.activation(convolution.bias)[:, None, None]
            values = layer.activation(driven) - background
        return values[:, :, 0, 0]  # (N, F)

    with torch.inference_mode():
        canvas = network.features(torch.from_numpy(frame)[None, None])[0]
        rows, columns = (taxels + radius).T
        true = canvas[:, rows, columns].T
        error = float((features_of(patches) - true).abs().max() / true.abs().max())
        times = interleaved(
            {
                "dense": lambda: network.features(torch.from_numpy(frame)[None, None]),
                "batched": lambda: features_of(patches[:BATCH]),
                "one by one": lambda: [features_of(patch[None]) for patch in patches[:BATCH]],
            },
            rounds,
        )
    if error > SAME:
        raise SystemExit(f"patches and dense pass differ by {error:.1e}: they must be the same")
    all_taxels = frame.size / BATCH
    return {
        "dense_ms": median_ms(times["dense"]),
        "batched_ms": all_taxels * median_ms(times["batched"]),
        "one_by_one_ms": all_taxels * median_ms(times["one by one"]),
        "batched_over_dense": all_taxels * ratio(times["batched"], times["dense"]),
        "one_by_one_over_dense": all_taxels * ratio(times["one by one"], times["dense"]),
        "largest_difference": error,
    }


def peak_memory(name: str, backend: str) -> list[dict[str, Any]]:
    """MiB that camera frames add to a fresh process that has perceived one small frame."""
    context = multiprocessing.get_context("spawn")
    found = []
    for what, count, whole_frame in (
        ("no contact", 0, False),
        ("one contact", 1, False),
        ("one contact, whole frame", 1, True),
    ):
        with context.Pool(1) as pool:
            added = pool.apply(_added_memory, (name, backend, count, whole_frame))
        found.append({"frame": what, "added_mib": added})
    return found


def _added_memory(name: str, backend: str, count: int, whole_frame: bool) -> float:
    model = load_model(find_model(name), backend, "cpu")
    perceive(model, frame_with(model, (16, 16), [(4, 4, 8, 8)]))
    frame = contacts_on_camera(model, count)
    before = _peak_mib()
    for _ in range(3):
        perceive(model, frame, whole_frame=whole_frame)
    return _peak_mib() - before


def _peak_mib() -> float:
    """Largest resident memory of this process so far."""
    status = Path("/proc/self/status").read_text("utf-8")
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) / 1024


def measure(name: str, backend: str, rounds: int) -> dict[str, Any]:
    """All figures of one model on one engine."""
    model = load_model(find_model(name), backend, "cpu")
    return {
        "model": model.card.name,
        "backend": model.backend.name,
        "over_raw": over_raw(model, rounds),
        "steps": steps(model),
        "with_contacts": with_contacts(model, rounds),
        "with_area": with_area(model, rounds),
        "dense_against_patches": dense_against_patches(name, rounds),
        "peak_memory": peak_memory(name, model.backend.name),
    }


TITLES = {
    "over_raw": "perceive over the raw network",
    "steps": "where the time goes at 32x32, microseconds",
    "with_contacts": f"{CAMERA[0]}x{CAMERA[1]} with contacts of {CONTACT}x{CONTACT}",
    "with_area": f"growth with the frame; one contact of {FINGERTIP}x{FINGERTIP}",
    "dense_against_patches": f"one pass against patch by patch, {CAMERA[0]}x{CAMERA[1]}, torch",
    "peak_memory": f"memory that frames of {CAMERA[0]}x{CAMERA[1]} add",
}


def report(measured: dict[str, Any]) -> str:
    """The figures as tables."""
    parts = [f"{measured['model']} on {measured['backend']}, one thread"]
    for key, title in TITLES.items():
        records = measured[key] if isinstance(measured[key], list) else [measured[key]]
        columns = [column.replace("_", " ") for column in records[0]]
        parts.append(f"{title}\n{table(columns, [list(record.values()) for record in records])}")
    return "\n\n".join(parts)


def main() -> None:
    """Print the tables."""
    parser = options_of(__doc__, 20)
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args()
    measured = measure(options.model, options.backend, options.rounds)
    print(report(measured))
    record(options.json, measured)


if __name__ == "__main__":
    main()
