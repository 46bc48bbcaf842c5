"""Draws docs/shift.png: one press at three places, and cut by the border; felt and answered."""

from pathlib import Path

import cv2
import numpy as np
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.recorded_presses import contained_contacts
from tactile_equiv_sim.script import load_script

from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.picture import colour_of, draw_outlines, heat_map, put_text
from tactile_equiv.symmetry import placed

ROWS, COLUMNS, ZOOM, GAP, LINE = 28, 32, 6, 8, 26
PLACES = ((2, 2), (6, 11), (13, 17), (9, 23))
PAPER = 32  # grey


def main() -> None:
    """Write the picture beside this file."""
    model = load_model(find_model("simulated_textures"))
    presses = pressed_objects(load_script("closed_loop"), each=5, seed=7)
    contacts = contained_contacts(presses, dead_zone=4.0)
    (press,) = [one.values for one in contacts if one.label == "ridges"]
    columns = []
    for place in PLACES:
        frame = placed(press, *place, ROWS, COLUMNS)
        columns += [column(frame, perceive(model, frame), float(press.max())), gap(GAP)]
    cv2.imwrite(str(Path(__file__).with_suffix(".png")), np.hstack(columns[:-1]))


def column(frame, percept, full_scale):
    """Pressure with the outline of the contact, contact map, class and score."""
    (contact,) = percept.contacts
    felt = heat_map(frame.astype(np.float32), full_scale, ZOOM)
    colour = colour_of(contact)
    draw_outlines(felt, percept.contact_map, 0.5, ZOOM, otherwise=colour)
    answer = heat_map(percept.contact_map, 1.0, ZOOM)
    said = np.full((LINE, felt.shape[1], 3), PAPER, np.uint8)
    cut = " clipped" if contact.clipped else ""
    put_text(said, f"{percept.texture.name} {percept.texture.score:.7f}{cut}", (2, 18), colour)
    return np.vstack([felt, gap(felt.shape[1])[:GAP], answer, said])


def gap(width):
    """Empty paper as high as a column."""
    return np.full((2 * ROWS * ZOOM + GAP + LINE, width, 3), PAPER, np.uint8)


if __name__ == "__main__":
    main()
