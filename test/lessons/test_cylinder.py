"""Around a finger the skin wraps, along it the canvas grows; neither does for the other."""

import torch

from tactile_equiv.lessons.cylinder import FRONT, MIDDLE, pressed, worn

EXACT, FLAT, TORUS = "wraps around, grows along", "flat sheet", "wraps around and along"


def test_a_wrap_around_the_finger_has_no_seam(table):
    for figure in ("seam: map", "seam: pooled", "class changes", "tip: phantom"):
        assert table("cylinder").value(EXACT, figure) <= 1e-5


def test_a_flat_sheet_tears_the_contact(table):
    assert table("cylinder").value(FLAT, "seam: map") > 0.2
    assert table("cylinder").value(FLAT, "seam: pooled") > 0.01
    assert table("cylinder").value(FLAT, "class changes") > 0.02


def test_a_wrap_along_the_finger_joins_its_ends(table):
    assert table("cylinder").value(TORUS, "tip: phantom") > 0.03


def test_a_contact_on_the_seam_is_whole():
    contact = pressed(0)
    front, seam = worn(contact, MIDDLE, FRONT), worn(contact, MIDDLE, -2)
    assert torch.equal(front.flatten().sort().values, seam.flatten().sort().values)
    assert seam[..., 0].any() and seam[..., -1].any()
