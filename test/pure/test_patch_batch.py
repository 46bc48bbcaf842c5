"""Frames evaluated together give the answers of the frames alone, in fewer calls."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.backends import OnnxRuntimeBackend, OpenCvBackend
from tactile_equiv.model_export import export_onnx
from tactile_equiv.patch_batch import batches, evaluate_together, run_together
from tactile_equiv.percept import level_for
from tactile_equiv.touched_regions import evaluate, plan

SIZES = [(13, 6), (13, 6), (16, 16), (3, 4), (1, 1), (12, 15)]


class Counting:
    """Counts the frames of every call of an engine."""

    def __init__(self, backend, call_cells):
        self._backend, self.call_cells, self.calls = backend, call_cells, []

    def run(self, frame):
        self.calls.append(1)
        return self._backend.run(frame)

    def run_batch(self, frames):
        self.calls.append(len(frames))
        return self._backend.run_batch(frames)


@pytest.fixture(params=["torch", "onnxruntime", "opencv"])
def engine(request, small_network, small_model):
    if request.param == "torch":
        return small_model.backend
    pytest.importorskip("onnx", reason="the export needs it")
    onnx = export_onnx(small_network)
    if request.param == "onnxruntime":
        pytest.importorskip("onnxruntime", reason="this engine is not installed")
        return OnnxRuntimeBackend(onnx, "cpu")
    try:
        return OpenCvBackend(onnx, "cpu")
    except Exception as error:
        pytest.skip(str(error))


def presses(seed=0):
    random = np.random.default_rng(seed)
    return [random.uniform(0, 3, (1, *size)).astype(np.float32) for size in SIZES]


def test_every_engine_answers_a_batch_as_each_frame_alone(engine):
    counting, frames = Counting(engine, 10**6), presses()
    together = run_together(counting, 4, frames)
    assert counting.calls == [len(SIZES)]
    for frame, (contact_map, canvas) in zip(frames, together, strict=True):
        alone_map, alone_canvas = engine.run(frame)
        np.testing.assert_allclose(contact_map, alone_map, rtol=1e-6, atol=1e-6)
        scale = np.abs(alone_canvas).max()
        np.testing.assert_allclose(canvas, alone_canvas, rtol=0, atol=1e-6 * scale)


def test_an_engine_without_batches_is_called_for_each(small_model):
    class Alone:
        run = staticmethod(small_model.backend.run)

    together = run_together(Alone(), 4, presses())
    for frame, (contact_map, _) in zip(presses(), together, strict=True):
        np.testing.assert_array_equal(contact_map, small_model.backend.run(frame)[0])


def test_frames_in_one_evaluation_do_not_see_each_other(small_model):
    random = np.random.default_rng(1)
    levels = []
    for size in ((13, 6), (40, 30), (16, 16)):
        frame = np.zeros(size, np.float32)
        frame[:3, :4] = frame[-3:, -2:] = random.uniform(1, 3)
        levels.append(level_for(small_model, frame))
    plans = [plan(small_model, levelled) for levelled in levels]
    counting = Counting(small_model.backend, 10**6)
    for levelled, together in zip(levels, evaluate_together(counting, 4, plans), strict=True):
        alone = evaluate(small_model, levelled)
        np.testing.assert_allclose(together.pooled, alone.pooled, rtol=1e-6)
        np.testing.assert_allclose(together.contact_map, alone.contact_map, atol=1e-6)
        assert [r.box for r in together.regions] == [r.box for r in alone.regions]
    assert counting.calls == [5]


@given(
    sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), max_size=12),
    call_cells=st.integers(0, 5000),
)
def test_batches_hold_every_frame_once_and_cost_no_more_than_single_calls(sizes, call_cells):
    found = batches(sizes, 8, call_cells)
    assert sorted(number for batch in found for number in batch) == list(range(len(sizes)))

    def cost(batch):
        rows, columns = (max(sizes[number][axis] for number in batch) for axis in (0, 1))
        return len(batch) * (rows + 16) * (columns + 16) + call_cells

    assert sum(map(cost, found)) <= sum(cost([number]) for number in range(len(sizes)))
    if call_cells == 0:
        assert all(len(batch) == 1 for batch in found)


def test_equal_frames_go_together_and_a_large_one_alone():
    assert batches([(13, 6)] * 5 + [(100, 100)], 8, 100) == [[0, 1, 2, 3, 4], [5]]
