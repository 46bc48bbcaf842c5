"""What a trace tells: the numbers of the network itself, and the same layers however it is run."""

import exports
import networks
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tactile_equiv.audit.subjects import load_subject, subject_of_module
from tactile_equiv.model_directory import find_model, load_network
from tactile_equiv.torch_backend import network_of

SHAPE = (1, 32, 32)
MAPS = [
    "zero_padded", "replicate", "reflect", "circular", "functional_padding", "exact", "strided",
    "strided_thrice", "max_pool", "average_pool", "blur_pool", "coordinates",
]  # fmt: skip
ALL = [*MAPS, "invariant_scores", "flatten_head", "locally_connected", "two_heads", "pointwise"]


def frames(count=2, shape=SHAPE, seed=3):
    return np.random.default_rng(seed).uniform(0, 1, (count, *shape)).astype(np.float32)


def answers(module, given):
    with torch.no_grad():
        answer = module(torch.from_numpy(given))
    return [part.numpy() for part in (answer.values() if isinstance(answer, dict) else [answer])]


def outputs(layers):
    return [layer.values for layer in layers if layer.is_output]


def only(layers, operation):
    (found,) = [layer for layer in layers if layer.operation == operation]
    return found


def operations(layers):
    return [layer.operation for layer in layers]


@pytest.mark.parametrize("name", ALL)
def test_the_last_layers_are_what_the_network_answers(name):
    module = getattr(networks, name)()
    given = frames()
    traced = outputs(subject_of_module(module, SHAPE).layers(given))
    expected = answers(module, given)
    assert len(traced) == len(expected)
    for mine, theirs in zip(traced, expected, strict=True):
        np.testing.assert_allclose(mine.squeeze(), theirs.squeeze(), rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", ["reflect", "circular", "blur_pool", "two_heads"])
def test_torch_torchscript_and_onnx_tell_the_same_layers(name, tmp_path):
    module = getattr(networks, name)()
    subjects = [
        subject_of_module(module, SHAPE),
        load_subject(exports.to_torchscript(module, tmp_path / "n.pt"), SHAPE, trust_code=True),
        load_subject(exports.to_onnx(module, tmp_path / "n.onnx"), SHAPE),
    ]
    first, *others = (subject.layers(frames()) for subject in subjects)
    for layers in others:
        for mine, theirs in zip(first, layers, strict=True):
            assert (mine.operation, mine.settings) == (theirs.operation, theirs.settings)
            assert mine.is_output == theirs.is_output
            np.testing.assert_allclose(mine.values, theirs.values, rtol=0, atol=1e-5)
    assert [subject.kind for subject in subjects] == ["torch", "torchscript", "onnx"]


@pytest.mark.parametrize("form", ["scripted", "frozen"])
def test_no_operator_of_torchscript_is_hidden_once_it_is_optimised(form, tmp_path):
    file = exports.to_torchscript(networks.two_heads(), tmp_path / "n.pt", form=form)
    subject = load_subject(file, SHAPE, trust_code=True)
    told = [operations(subject.layers(frames())) for _ in range(4)]
    assert told == [operations(subject_of_module(networks.two_heads(), SHAPE).layers(frames()))] * 4


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("zero_padded", "zero"),
        ("replicate", "replicate"),
        ("reflect", "reflect"),
        ("circular", "circular"),
        ("functional_padding", "replicate"),
    ],
)
def test_padding_is_a_setting_of_the_convolution_that_reads_it(name, mode):
    layers = subject_of_module(getattr(networks, name)(), SHAPE).layers(frames())
    assert operations(layers) == ["convolution", "relu"] * 2
    for layer in layers[::2]:
        assert layer.settings["padding"] == (1, 1, 1, 1)
        assert layer.settings["padding_mode"] == mode


def test_strides_dilations_and_windows_are_told():
    strided = subject_of_module(networks.strided_thrice(), SHAPE).layers(frames())
    assert strided[2].settings["stride"] == (3, 3)
    assert "padding" not in strided[2].settings
    pooled = only(subject_of_module(networks.max_pool(), SHAPE).layers(frames()), "max_pool")
    assert (pooled.settings["kernel"], pooled.settings["stride"]) == ((2, 2), (2, 2))
    dilated = subject_of_module(networks.two_heads(), SHAPE).layers(frames())[2]
    assert dilated.settings["dilation"] == (2, 2)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x[:, :, ::2, ::3], ("subsample", {"stride": (2, 3)})),
        (lambda x: x[:, :, 2:-2, 1:-1], ("crop", {})),
        (
            lambda x: functional.pad(x, (1, 2, 3, 4), "constant", 0.5),
            ("pad", {"padding": (3, 1, 4, 2), "padding_mode": "constant", "value": 0.5}),
        ),
        (
            lambda x: torch.cat([x[..., -3:], x, x[..., :2]], 3),
            ("pad", {"padding": (0, 3, 0, 2), "padding_mode": "circular"}),
        ),
        (
            lambda x: torch.cat([x[:, :, :1], x, x[:, :, -1:]], 2),
            ("pad", {"padding": (1, 0, 1, 0), "padding_mode": "replicate"}),
        ),
        (
            lambda x: torch.cat([x, x[..., :5]], 3),
            ("pad", {"padding": (0, 0, 0, 5), "padding_mode": "circular"}),
        ),
        (lambda x: x * x.sigmoid(), ("silu", {})),
        (lambda x: x.mean((2, 3)), ("global_average_pool", {})),
        (lambda x: x.amax((2, 3), keepdim=True), ("global_max_pool", {})),
        (lambda x: x.flatten(2).logsumexp(2), ("log_sum_exp", {})),
        (lambda x: x.reshape(len(x), -1), ("flatten", {})),
        (lambda x: functional.relu6(x), ("clip", {})),
        (
            lambda x: functional.interpolate(x, (64, 16), mode="bilinear"),
            ("resize", {"mode": "linear", "scale": (2.0, 0.5)}),
        ),
        (
            lambda x: functional.interpolate(x, scale_factor=2, mode="nearest-exact"),
            ("resize", {"mode": "nearest", "scale": (2.0, 2.0)}),
        ),
    ],
)
def test_calls_are_told_in_the_words_of_people(function, expected):
    layers = subject_of_module(networks.Calling(function), SHAPE).layers(frames())
    (layer,) = layers
    assert (layer.operation, layer.settings) == expected
    assert layer.is_output


def test_a_map_beside_another_part_of_itself_is_no_padding():
    module = networks.Calling(lambda x: torch.cat([x[..., 5:9], x], 3))
    assert operations(subject_of_module(module, SHAPE).layers(frames())) == ["crop", "concatenate"]


def test_a_padding_that_something_else_reads_too_stays_a_layer():
    class Reading(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = networks.convolution(1, 1)

        def forward(self, given):
            padded = functional.pad(given, (1, 1, 1, 1), "reflect")
            return self.layer(padded).mean((2, 3)) + padded.mean((2, 3))

    layers = subject_of_module(Reading(), SHAPE).layers(frames())
    assert operations(layers)[:2] == ["pad", "convolution"]
    assert layers[1].settings["padding_mode"] == "reflect"


def test_same_padding_is_told_in_pixels():
    layer = nn.Conv2d(1, 2, (5, 3), padding="same", dilation=(1, 2))
    (told,) = subject_of_module(layer, SHAPE).layers(frames())
    assert told.settings["padding"] == (2, 2, 2, 2)  # top, left, bottom, right


def test_names_are_those_of_the_modules():
    layers = subject_of_module(networks.two_heads(), SHAPE).layers(frames())
    names = [layer.name for layer in layers]
    assert names == [
        "stem", "silu", "block", "gelu", "add", "contact", "sigmoid", "global_average_pool",
        "texture",
    ]  # fmt: skip


def test_a_layer_that_runs_twice_has_two_names():
    convolution = networks.convolution(1, 1)
    layers = subject_of_module(nn.Sequential(convolution, convolution), SHAPE).layers(frames())
    assert [layer.name for layer in layers] == ["0", "0#2"]


def test_values_are_those_before_a_later_layer_writes_over_them():
    module = nn.Sequential(networks.convolution(1), nn.ReLU(inplace=True))
    before, after = subject_of_module(module, SHAPE).layers(frames())
    assert before.values.min() < 0 == after.values.min()


def test_a_module_that_makes_its_weights_when_it_first_runs():
    module = nn.Sequential(nn.LazyConv2d(2, 3), nn.Flatten(), nn.LazyLinear(3))
    layers = subject_of_module(module, SHAPE).layers(frames())
    assert operations(layers) == ["convolution", "flatten", "linear"]


def test_a_canvas_that_is_written_into_depends_on_the_frame():
    def framed(given):
        canvas = torch.zeros(1, 1, 40, 40)
        canvas[:, :, 4:36, 4:36] = given
        return canvas.exp()

    (layer,) = subject_of_module(networks.Calling(framed), SHAPE).layers(frames())
    np.testing.assert_allclose(layer.values[:, :, 4:36, 4:36], np.exp(frames()), rtol=1e-6)


def test_an_answer_that_is_no_layer_is_told_last():
    def spread(given):
        return {"heights": given.exp().flatten(1).unflatten(1, (16, 64))}

    layers = subject_of_module(networks.Calling(spread), SHAPE).layers(frames())
    assert operations(layers) == ["exp", "flatten", "output"]
    assert layers[-1].name == "heights"
    assert layers[-1].values.shape == (2, 16, 64)


def test_a_map_without_channels_is_a_map():
    layers = subject_of_module(networks.two_heads(), SHAPE).layers(frames())
    contact = outputs(layers)[0]
    assert contact.shape == (2, 1, 32, 32)


def test_a_frame_does_not_see_its_neighbours():
    subject = subject_of_module(networks.two_heads(), SHAPE)
    together = subject.layers(frames(3))
    alone = subject.layers(frames(3)[1:2])
    for whole, one in zip(together, alone, strict=True):
        assert np.array_equal(whole.values[1:2], one.values)


def test_training_behaviour_is_switched_off():
    module = nn.Sequential(networks.convolution(1), nn.BatchNorm2d(4), nn.Dropout(0.5)).train()
    layers = subject_of_module(module, SHAPE).layers(frames())
    assert operations(layers) == ["convolution", "batch_norm"]
    assert not module.training


@pytest.mark.parametrize(
    ("name", "fixed"), [("exact", False), ("strided", False), ("flatten_head", True)]
)
def test_it_is_found_out_whether_other_sizes_are_taken(name, fixed):
    subject = subject_of_module(getattr(networks, name)(), SHAPE)
    assert subject.fixed_size is fixed
    if not fixed:
        assert subject.layers(frames(1, (1, 40, 37)))[0].values.shape[2:] == (38, 35)


def test_our_own_model_is_traced_to_its_percept():
    subject = load_subject("tekscan_objects")
    assert (subject.kind, subject.input_shape, subject.fixed_size) == ("model", SHAPE, False)
    layers = subject.layers(frames(1))
    told = {layer.name: layer.values for layer in layers if layer.is_output}
    stored, _ = load_network(find_model("tekscan_objects"))
    network = network_of(stored.architecture, stored.weights)
    with torch.no_grad():
        contact_map, canvas = network(torch.from_numpy(frames(1)))
    np.testing.assert_allclose(told["contact_map"][:, 0], contact_map, atol=1e-6)
    np.testing.assert_allclose(told["pooled"], network.pool(canvas), rtol=1e-5)
    assert told["scores"].sum() == pytest.approx(1, abs=1e-5)
    assert layers[0].settings["padding"] == (2, 2, 2, 2)  # the canvas grows
