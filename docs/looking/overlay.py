"""Draws docs/looking/overlay.png: the overlay of two simulated presses and two invalid taxels."""

from pathlib import Path

import cv2
import numpy as np
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.script import load_script

from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.picture import overlay


def main() -> None:
    """Write the picture beside this file."""
    presses = pressed_objects(load_script("closed_loop"), each=3, seed=3)
    frame = np.hstack([presses.frames[0], presses.frames[9]])
    frame[2:4, 30] = np.nan
    percept = perceive(load_model(find_model("simulated_textures")), frame)
    picture = overlay(percept, range(1, len(percept.contacts) + 1), 0.5)
    cv2.imwrite(str(Path(__file__).with_suffix(".png")), picture)


if __name__ == "__main__":
    main()
