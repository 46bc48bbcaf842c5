"""Draws docs/curved_skin/rolling.png: ridges that roll over the seam of a finger."""

from pathlib import Path

import cv2
import numpy as np
from tactile_equiv_sim.scene import Contact, Pose
from tactile_equiv_sim.script import load_script

from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.picture import LEGEND, overlay

ROWS = (12.75, 20.0, 22.0, 23.8)
ZOOM, WIDTH, MARGIN = 12, 230, 10


def main() -> None:
    """Write the picture beside this file: above round a finger, below taken for a plane."""
    script = load_script("finger_roll")
    model = load_model(find_model("simulated_hand"))
    stripes, pitch = script.objects["stripes"], script.sensor.pitch_mm
    lines = []
    for topology in ("cylinder_rows", "plane"):
        pictures = []
        for row in ROWS:
            pose = Pose(7 * pitch, row * pitch, 0.0, load_n=10.0)
            frame = script.scene().frame([Contact(stripes, pose)]).values
            percept = perceive(model, frame, topology=topology)
            numbers = range(1, len(percept.contacts) + 1)
            picture = overlay(percept, numbers, 0.5, ZOOM)[:-LEGEND, :WIDTH]
            pictures.append(
                np.pad(picture, ((0, MARGIN), (0, MARGIN), (0, 0)), constant_values=255)
            )
        lines.append(np.hstack(pictures))
    cv2.imwrite(str(Path(__file__).with_suffix(".png")), np.vstack(lines)[:-MARGIN, :-MARGIN])


if __name__ == "__main__":
    main()
