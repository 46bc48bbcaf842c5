"""Faulty taxels are found where their neighbours are pressed, and no living one is accused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv import taxel_health
from tactile_equiv.dataset import load_dataset
from tactile_equiv.percept import perceive
from tactile_equiv.taxel_health import NAMED, TaxelFault, TaxelHealth, named, notice

DEAD_ZONE, TOP = 3.0, 255.0
SIZE = (14, 17)


@pytest.fixture(autouse=True)
def every_frame(monkeypatch):
    """Each frame is looked at: the streams are short."""
    monkeypatch.setattr(taxel_health, "EVERY", 1)


def sliding(frames, seed=0, size=SIZE, radius=4.0, peak=150.0):
    """A round bumpy contact that wanders over the whole sensor and is lifted now and then."""
    random = np.random.default_rng(seed)
    row, column = np.mgrid[: size[0], : size[1]]
    for number in range(frames):
        if number % 3 == 0:
            place = random.uniform(0, size)
        place = place + random.normal(0, 0.4, 2)
        bumps = 0.6 + 0.4 * np.cos(2 * (row - place[0])) * np.cos(2 * (column - place[1]))
        far = np.hypot(row - place[0], column - place[1])
        load = 0.0 if number % 7 == 0 else random.uniform(0.6, 1.4)
        yield np.rint(np.clip(load * peak * bumps * (far < radius), 0, TOP)).astype(np.float32)


def watched(frames, tare=None, health=None, dead_zone=DEAD_ZONE):
    health = health or TaxelHealth()
    accused = set()
    for frame in frames:
        health.watch(frame, tare, dead_zone)
        accused |= {fault[:2] for fault in health.faults}
    return health, accused


def broken(frames, faults):
    for frame in frames:
        frame = frame.copy()
        for (row, column), value in faults.items():
            frame[row, column] = value
        yield frame


FAULTS = {(5, 6): 0.0, (0, 9): 40.0, (9, 12): TOP, (8, 3): 90.0}
KINDS = [(0, 9, "stuck"), (5, 6, "dead"), (8, 3, "stuck"), (9, 12, "saturated")]


def test_dead_stuck_and_saturated_taxels_are_found_and_no_other():
    health, accused = watched(broken(sliding(1500), FAULTS))
    assert list(health.faults) == KINDS
    assert accused == set(FAULTS)


@pytest.mark.parametrize(("offset", "stuck_before_the_tare"), [(60.0, False), (60.0, True)])
def test_also_after_a_tare_and_in_noise(offset, stuck_before_the_tare):
    random = np.random.default_rng(1)
    faults = {place: value + random.normal(0, 0.3) for place, value in FAULTS.items()}
    noisy = (
        frame + offset + random.normal(0, 0.6, SIZE).astype(np.float32)
        for frame in broken(sliding(1500, seed=2, peak=90.0), faults)
    )
    tare = np.full(SIZE, offset, np.float32)
    for place, value in faults.items():
        tare[place] += value if stuck_before_the_tare else 0
    health, accused = watched(noisy, tare)
    assert accused == {fault[:2] for fault in health.faults} == set(FAULTS)
    if stuck_before_the_tare:
        assert {fault.kind for fault in health.faults} == {"dead"}


@pytest.mark.parametrize("kind", [np.uint8, np.float64])
def test_whole_counts_and_channels(kind):
    frames = [frame.astype(kind) for frame in broken(sliding(1500), FAULTS)]
    three = (
        frames
        if kind is np.uint8
        else (np.stack([frame, frame, frame // 2], axis=2) for frame in frames)
    )
    assert watched(three)[1] == set(FAULTS)


def test_a_dead_row_and_a_group_are_found():
    places = {(6, column): 0.0 for column in range(SIZE[1])}
    places |= {(11, 12): 0.0, (11, 13): TOP}
    _, accused = watched(broken(sliding(2500, seed=3), places))
    assert accused <= set(places)
    assert len(accused) >= 0.9 * len(places)


def test_taxels_without_a_number_are_no_evidence():
    frames = broken(sliding(1500), {**FAULTS, (5, 7): np.nan, (3, 3): np.nan, (4, 4): np.inf})
    assert watched(frames)[1] == set(FAULTS)


def untouched(noise):
    random = np.random.default_rng(4)
    return (np.float32(noise) * random.standard_normal(SIZE, np.float32) for _ in range(1500))


def one_place(load, top=TOP, tilt=0.0):
    """A contact with grooves that stays where it is, for long, under changing load."""
    random = np.random.default_rng(5)
    row, column = np.mgrid[: SIZE[0], : SIZE[1]] - np.array(SIZE)[:, None, None] // 2
    shape = (np.hypot(row, column) < 5) * np.where((row % 2 == 0) & (column % 2 == 0), 0, 1)
    for _ in range(1500):
        lean = 1 + tilt * (random.uniform(-1, 1) * row + random.uniform(-1, 1) * column) / 5
        now = random.uniform(0, load) * shape * np.clip(lean, 0, None)
        yield np.rint(np.clip(now + random.normal(0, 0.5, SIZE) * (shape > 0), 0, top))


def single_points():
    random = np.random.default_rng(6)
    for _ in range(1500):
        frame = np.zeros(SIZE)
        frame[tuple(random.integers(0, SIZE))] = random.uniform(0, TOP)
        yield frame


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(lambda: untouched(0.0), id="flat zeros"),
        pytest.param(lambda: untouched(2.0), id="noise above the dead-zone"),
        pytest.param(lambda: one_place(200.0), id="grooves at one place"),
        pytest.param(lambda: one_place(200.0, tilt=0.5), id="grooves that rock"),
        pytest.param(lambda: one_place(900.0, tilt=0.5), id="a hard press at one place"),
        pytest.param(lambda: sliding(1500, seed=7, peak=900.0), id="hard presses everywhere"),
        pytest.param(lambda: sliding(1500, seed=8), id="presses everywhere"),
        pytest.param(single_points, id="single taxels"),
    ],
)
def test_no_living_taxel_is_accused(frames):
    assert watched(frames())[1] == set()


def test_the_checker_sees_a_dead_taxel_in_the_same_presses():
    """The streams above are not silent for want of evidence."""
    hard = broken(sliding(1500, seed=7, peak=900.0), {(7, 8): 0.0, (3, 12): TOP})
    assert watched(hard)[1] == {(7, 8), (3, 12)}


def test_a_taxel_that_lives_again_is_taken_back():
    health, _ = watched(broken(sliding(1500), FAULTS))
    assert len(health.faults) == 4
    health, _ = watched(sliding(600, seed=9), health=health)
    assert health.faults == ()
    frame = np.ones(SIZE, np.float32)
    assert health.masked(frame) is frame


def test_what_is_known_survives_another_tare_and_ends_with_the_size():
    health, _ = watched(broken(sliding(1500), FAULTS))
    tare = np.full(SIZE, 2.0, np.float32)
    assert not health.watch(np.full(SIZE, 2.0), tare, DEAD_ZONE)
    assert len(health.faults) == 4
    other = np.zeros((9, 9), np.uint8)
    assert health.masked(other) is other
    assert health.watch(other, None, DEAD_ZONE)
    assert health.faults == ()


def test_masked_frames_have_no_number_there_and_the_frame_stays_as_it_was():
    health, _ = watched(broken(sliding(1500), FAULTS))
    for shape, kind in ((SIZE, np.uint8), ((*SIZE, 3), np.float32)):
        frame = np.full(shape, 7, kind)
        seen = health.masked(frame)
        found = np.argwhere(np.isnan(seen).reshape(*SIZE, -1).all(axis=2))
        assert {tuple(place) for place in found} == set(FAULTS)
        assert np.isnan(seen).sum() == 4 * seen.size // (SIZE[0] * SIZE[1])
        assert (frame == 7).all()
    health.forget()
    assert health.faults == () and health.masked(frame) is frame


def test_one_in_several_frames_is_looked_at(monkeypatch):
    monkeypatch.setattr(taxel_health, "EVERY", 16)
    looks = []
    monkeypatch.setattr(taxel_health, "evidence", lambda *each: looks.append(each))
    watched([np.zeros(SIZE, np.float32)] * 80)
    assert len(looks) == 4
    watched([np.zeros((64, 64), np.float32)] * 120)
    assert len(looks) == 4 + 5


@given(row=st.integers(-3, 3), column=st.integers(-3, 3), seed=st.integers(0, 9))
def test_frame_and_mask_moved_together_give_the_same_bits_moved(touch_model, row, column, seed):
    """The fill looks at values and mask around a taxel, never at where on the skin it lies."""
    random = np.random.default_rng(seed)
    frame = np.zeros((22, 24), np.float32)
    frame[8:14, 9:15] = random.uniform(0.5, 9, (6, 6))
    frame[8:14, 9:15][random.random((6, 6)) < 0.15] = np.nan
    frame[7, 12] = np.nan
    here = perceive(touch_model, frame)
    there = perceive(touch_model, np.roll(frame, (row, column), (0, 1)))
    assert there.pooled.tobytes() == here.pooled.tobytes()
    moved = np.roll(here.contact_map, (row, column), (0, 1))
    np.testing.assert_array_equal(there.contact_map, moved)
    for one, other in zip(here.contacts, there.contacts, strict=True):
        assert (one.filled, one.area, one.load) == (other.filled, other.area, other.load)
        assert other.box == tuple(np.add(one.box, (row, column, row, column)))


def test_a_mask_on_untouched_skin_changes_nothing(touch_model):
    frame = np.zeros((22, 24), np.float32)
    frame[8:12, 9:14] = np.random.default_rng(2).uniform(1, 9, (4, 5))
    whole = perceive(touch_model, frame)
    frame[2, 3] = frame[18, 20] = frame[5, 11] = np.nan
    masked = perceive(touch_model, frame)
    assert masked.pooled.tobytes() == whole.pooled.tobytes()
    assert [c.filled for c in masked.contacts] == [0]
    kept = ~np.isnan(masked.contact_map)
    np.testing.assert_array_equal(masked.contact_map[kept], whole.contact_map[kept])
    assert (~kept).sum() == 3


@pytest.mark.parametrize("topology", ["plane", "cylinder_rows", "cylinder_cols"])
def test_a_contact_counts_the_invalid_taxels_that_it_rests_on(touch_model, topology):
    frame = np.zeros((12, 13), np.float32)
    frame[4:7, 0:4] = 5.0
    frame[5, 2] = frame[8, 3] = frame[10, 3] = frame[5, 12] = np.nan
    (contact,) = perceive(touch_model, frame, topology=topology).contacts
    over_the_seam = topology == "cylinder_cols"
    assert contact.filled == (3 if over_the_seam else 2)
    assert contact.enlarged(2, (24.0, 26.0)).filled == 4 * contact.filled


def test_a_notice_names_the_first_and_says_what_to_do():
    assert notice([], masked=True) == named([]) == ""
    many = [TaxelFault(number, 2, "dead") for number in range(NAMED + 3)]
    said = notice(many, masked=True)
    assert said.startswith("7 faulty taxels, row and column (0, 2) dead, ")
    assert "and 3 more" in said and "masked" in said and "check the sensor" in said
    assert "left as they are" in notice(many[:1], masked=False)


def test_real_presses_accuse_no_taxel_and_show_the_dead_ones(data_directory):
    file = data_directory / "tekscan_objects" / "train.npz"
    if not file.is_file():
        pytest.skip(f"no {file}: set TACTILE_EQUIV_DATA to the directory of the recordings")
    presses = load_dataset(file).frames.astype(np.float32)
    assert watched(presses)[1] == set()
    touched = np.argwhere((presses > 12).sum(axis=0) > 120)
    places = touched[np.random.default_rng(0).permutation(len(touched))[:20]]
    dead = {tuple(place): 0.0 for place in places}
    found = watched(broken(presses, dead))[1]
    assert found <= set(dead)
    assert len(found) >= 15
