"""Where a real gel is touched: a ball on a GelSight Mini, found by a network that saw none.

    python benchmarks/accuracy/gelsight_ball.py ../shared/data/gelsight_mini_ball

Truth is a circle fitted to the change of colour (`circles`), without any network. The error of a
press is the distance between the middle of the circle and the centroid of the contact of largest
load, as `perceive` gives it. The model was trained on simulated touch alone, but its dead-zone and
the range of light in its training were chosen with these presses in view (docs/results.md).

The tare: the picture of the untouched gel (frame_0) was taken under another exposure, so that all
of the gel would be a contact. The median of each pixel over the presses stands in for it: every
pixel is touched in few of them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from circles import Circle, fit_circle
from numpy.typing import NDArray
from rows import Row, record

from tactile_equiv.binning import binned
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import Contact, Percept, perceive

TABLE = "gelsight_ball"
COMMAND = "python benchmarks/accuracy/gelsight_ball.py"
Frames = NDArray[np.float32]

SMALLEST_AREA = 64
"""Pixels that a contact has at least."""


def load_presses(folder: Path) -> tuple[Frames, Frames]:
    """All presses (N, 240, 320, 3) and the picture of the untouched gel, RGB counts.

    Raises:
        FileNotFoundError: if the folder holds none.
    """
    files = sorted(folder.glob("frame_*.jpg"), key=lambda file: int(file.stem.split("_")[1]))
    if not files:
        raise FileNotFoundError(f"{folder} holds no frame_*.jpg: name the folder of the presses")
    return np.stack([_picture(file) for file in files]), _picture(folder / "frame_0.png")


def _picture(file: Path) -> Frames:
    return cv2.imread(str(file))[..., ::-1].astype(np.float32)


def untouched(presses: Frames) -> Frames:
    """The gel without contact, (H, W, 3): the median over the presses."""
    median: Frames = np.median(presses, axis=0).astype(np.float32)
    return median


def circles(presses: Frames) -> list[Circle]:
    """The circle of every press, pixels."""
    tare = untouched(presses)
    return [fit_circle(press - tare) for press in presses]


def found(model: Model, presses: Frames, tare: Frames, binning: int = 1) -> list[Percept]:
    """The percept of every press, in pixels of the camera.

    Args:
        model: trained on three channels.
        presses: (N, H, W, 3) counts.
        tare: (H, W, 3) counts.
        binning: side of the taxels that the network sees, pixels.
    """
    resting = binned(tare, binning)
    return [
        perceive(
            model, binned(press, binning), resting, min_contact_area=SMALLEST_AREA // binning**2
        ).enlarged(binning)
        for press in presses
    ]


def distances(percepts: list[Percept], truth: list[Circle]) -> NDArray[np.float64]:
    """(N,) pixels between each circle's middle and the contact; infinite where there is none."""
    return np.array(
        [
            _distance(percept.contacts[0], circle) if percept.contacts else np.inf
            for percept, circle in zip(percepts, truth, strict=True)
        ]
    )


def _distance(contact: Contact, circle: Circle) -> float:
    return float(np.hypot(contact.row - circle.row, contact.column - circle.column))


def _is_ball(percept: Percept) -> bool:
    return percept.texture is not None and percept.texture.name == "ball"


def measure(name: str, error: NDArray[np.float64], percepts: list[Percept], command: str) -> Row:
    """One row of the table."""
    contacts = np.array([len(percept.contacts) for percept in percepts])
    values = {
        "median error (pixels)": [float(np.median(error))],
        "90th percentile": [float(np.percentile(error, 90))],
        "largest": [float(error.max())],
        "one contact (share)": [float((contacts == 1).mean())],
        "seen as ball (share)": [float(np.mean([_is_ball(percept) for percept in percepts]))],
    }
    print(name, {key: round(value[0], 3) for key, value in values.items()}, flush=True)
    return Row(name, values, command, f"{len(error)} presses")


def main() -> int:
    """Measure and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default="../shared/data/gelsight_mini_ball")
    parser.add_argument("--model", default="gel", help="directory, or a shipped model's name")
    parser.add_argument("--list", action="store_true", help="say every press")
    options = parser.parse_args()
    presses, resting = load_presses(options.data)
    truth, model = circles(presses), load_model(find_model(options.model), "auto", "cpu")
    radii = [circle.radius for circle in truth]
    print(f"circles: radius {min(radii):.1f} to {max(radii):.1f} pixels")
    rows = []
    for name, tare, binning in (
        ("each pixel a taxel", untouched(presses), 1),
        ("binning 2", untouched(presses), 2),
        ("binning 4", untouched(presses), 4),
        ("tare under another exposure", resting, 1),
    ):
        percepts = found(model, presses, tare, binning)
        error = distances(percepts, truth)
        rows.append(measure(name, error, percepts, COMMAND))
        for circle, apart in zip(truth, error, strict=True):
            if options.list:
                place = f"({circle.row:.1f}, {circle.column:.1f})"
                print(f"  {place} radius {circle.radius:.1f}: {apart:.2f} pixels", flush=True)
    if options.model == "gel":
        record(TABLE, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
