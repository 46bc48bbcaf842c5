"""The parity test passes rounding and catches every other difference; its probe is a small file."""

import numpy as np
import pytest
import safetensors.numpy

from tactile_equiv.architecture import Architecture
from tactile_equiv.errors import ModelError
from tactile_equiv.parity import Probe, measure_parity, probe_of
from tactile_equiv.torch_backend import TorchBackend


class Altered:
    """Torch, with a change of its answers."""

    name, device = "altered", "cpu"

    def __init__(self, network, change):
        self._torch = TorchBackend(network, "cpu")
        self._change = change

    def run(self, frame):
        return tuple(self._change(part) for part in self._torch.run(frame))


@pytest.fixture(scope="module")
def probe(small_network):
    return probe_of(TorchBackend(small_network, "cpu"), small_network.architecture)


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (lambda part: part, True),
        (lambda part: part * np.float32(1 + 1e-5), True),
        (lambda part: part * np.float32(1.001), False),
        (lambda part: part + np.float32(1e-12), False),
        (lambda part: part + np.float32(1e-12) * (part == 0), False),
        (lambda part: np.roll(part, 1, axis=-1), False),
        (lambda part: part * np.float32(np.nan), False),
        (lambda part: np.where(part > 0, np.float32(np.nan), part), False),
        (lambda part: np.where(part == 0, np.float32(np.nan), part), False),
        (lambda part: part[..., 1:], False),
        (lambda part: part[..., :1], False),
    ],
    ids=[
        "same", "rounding", "scaled", "ripple", "ripple where empty", "shifted",
        "nan", "nan when touched", "nan when empty", "narrower", "one column",
    ],
)  # fmt: skip
def test_parity_is_close_agreement_and_exactly_empty_skin(change, holds, small_network, probe):
    assert measure_parity(Altered(small_network, change), probe).holds is holds


@pytest.mark.parametrize("broken", [0, 1])
def test_one_part_that_is_no_number_breaks_parity(broken, small_network, probe):
    class Partly(Altered):
        def run(self, frame):
            parts = list(super().run(frame))
            parts[broken] = np.full_like(parts[broken], np.nan)
            return tuple(parts)

    assert not measure_parity(Partly(small_network, lambda part: part), probe).holds


def test_the_network_next_to_it_is_noticed(make_network, small_network, probe):
    other = make_network(small_network.architecture, 5)
    assert not measure_parity(TorchBackend(other, "cpu"), probe).holds


def test_a_probe_asks_an_empty_frame_and_a_press_at_the_border(probe):
    empty, border, odd = (answer.frame[0] != 0 for answer in probe.answers)
    assert not empty.any()
    assert border[0].any() and border[:, 0].any() and not border[-1].any()
    assert odd.all() and all(side % 2 for side in odd.shape)


def test_a_probe_survives_its_file(small_network, probe):
    content = probe.to_bytes()
    assert len(content) < 50_000
    read = Probe.from_bytes(content, small_network.architecture)
    assert read.radius == probe.radius
    for seen, true in zip(read.answers, probe.answers, strict=True):
        for name, value in vars(true).items():
            np.testing.assert_array_equal(getattr(seen, name), value)
    assert measure_parity(TorchBackend(small_network, "cpu"), read).holds


def changed(probe, name, value):
    arrays = safetensors.numpy.load(probe.to_bytes())
    return safetensors.numpy.save({**arrays, name: value(arrays[name])})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("0.frame", lambda array: array[0]),
        ("0.frame", lambda array: array.astype(np.float64)),
        ("1.frame", lambda array: np.full_like(array, np.nan)),
        ("1.contact_map", lambda array: np.ascontiguousarray(array[1:])),
        ("1.contact_map", lambda array: np.full_like(array, np.inf)),
        ("1.cells", lambda array: array + 1000),
        ("1.cells", lambda array: array - 1000),
        ("1.cells", lambda array: array.astype(np.float32)),
        ("1.cells", lambda array: np.ascontiguousarray(array[1:])),
        ("2.features", lambda array: np.ascontiguousarray(array[1:])),
    ],
)
def test_a_probe_that_does_not_fit_is_refused(name, value, probe, small_network):
    with pytest.raises(ModelError, match="of other sizes"):
        Probe.from_bytes(changed(probe, name, value), small_network.architecture)


@pytest.mark.parametrize("content", [b"", b"junk", safetensors.numpy.save({})])
def test_a_file_that_is_no_probe_is_refused(content, small_network):
    with pytest.raises(ModelError, match="probe of the engines"):
        Probe.from_bytes(content, small_network.architecture)


def test_a_probe_of_another_architecture_is_refused(probe):
    with pytest.raises(ModelError, match="of other sizes"):
        Probe.from_bytes(probe.to_bytes(), Architecture(3, 2, (4, 6, 7), (1, 1, 2)))
