"""Values by field path: what a path may say, what a type must have there, what a message gives."""

import array
from contextlib import suppress
from types import SimpleNamespace as Message

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.message_fields import FieldPath, channel_values, field_paths

FIELDS = {
    "skin/Stream": {
        "header": "std_msgs/Header",
        "patches": "sequence<skin/Patch>",
        "pair": "skin/Patch[2]",
        "few": "sequence<skin/Patch, 3>",
        "load": "float",
    },
    "skin/Patch": {
        "taxels": "sequence<skin/Taxel>",
        "values": "uint16[28]",
        "bounded": "sequence<double, 4>",
        "names": "sequence<string>",
        "raw": "sequence<octet>",
        "name": "string",
    },
    "skin/Taxel": {"x": "int16", "z": "int16", "touched": "boolean"},
}


def check(path):
    FieldPath.of(path).check("skin/Stream", FIELDS.__getitem__)


@pytest.mark.parametrize(
    "path",
    [
        "load",
        "patches[0].taxels[].z",
        "patches[].taxels[].touched",
        "patches[7].values",
        "patches[0].values[]",
        "patches[0].values[27]",
        "patches[].bounded[3]",
        "pair[1].values",
        "few[2].values",
    ],
)
def test_paths_to_numbers_fit_the_type(path):
    check(path)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("patches[0].taxel[].z", "skin/Patch has no field taxel, but taxels, values"),
        ("load.z", "load is float, which has no fields"),
        ("load[0]", "load is float, no array"),
        ("patches.taxels[].z", r"patches is an array: write patches\[\] or patches\[0\]"),
        ("pair[2].values", r"pair has 2 elements, the first is pair\[0\]"),
        ("few[3].values", "few has 3 elements"),
        ("pair[0].values[28]", "values has 28 elements"),
        ("patches[0].name", "name is string, not numbers"),
        ("patches[0].names", "names is string, not numbers"),
        ("patches[0].raw", "raw is octet, not numbers"),
        ("patches[0].taxels", "taxels is skin/Taxel with the fields x, z, touched, not numbers"),
    ],
)
def test_paths_that_the_type_does_not_have_are_refused(path, named):
    with pytest.raises(SettingsError, match=named):
        check(path)


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "a[", "a[-1]", "a[x]", "a[1", "a[1][2]", "a b", "1a", "_private",
     "a.__class__", "a[0].__init__", "a()", "a[:]", "a/b"],
)  # fmt: skip
def test_what_is_no_path_is_refused(path):
    with pytest.raises(SettingsError, match="write names joined by dots"):
        FieldPath.of(path)


def stream(*patches):
    """A message of patches, each a list of (x, z)."""
    return Message(
        patches=[Message(taxels=[Message(x=x, z=z) for x, z in patch]) for patch in patches],
        names=["a", "b"],
        pair=[Message(values=np.arange(4, dtype=np.uint16)), Message(values=array.array("H", [7]))],
        data=array.array("f", [0.5, np.nan]),
    )


def test_elements_come_in_the_order_of_the_arrays():
    message = stream([(1, 2), (3, 4)], [(5, 6), (7, 8)])
    for path, expected in [
        ("patches[0].taxels[].z", [2, 4]),
        ("patches[].taxels[].z", [2, 4, 6, 8]),
        ("patches[].taxels[1].x", [3, 7]),
        ("patches[1].taxels[0].x", [5]),
        ("pair[0].values", [0, 1, 2, 3]),
        ("pair[0].values[2]", [2]),
        ("pair[1].values[]", [7]),
        ("data", [0.5, np.nan]),
    ]:
        np.testing.assert_array_equal(FieldPath.of(path).values(message), expected, path)


def test_sequences_of_numbers_are_views():
    message = stream()
    values = FieldPath.of("pair[0].values").values(message)
    assert values.dtype == np.uint16
    assert np.shares_memory(values, message.pair[0].values)
    assert FieldPath.of("data").values(message).dtype == np.float32


def test_components_are_channels():
    paths = field_paths("patches[0].taxels[]", "x, z")
    assert [path.text for path in paths] == ["patches[0].taxels[].x", "patches[0].taxels[].z"]
    values = channel_values(paths, stream([(1, 2), (3, 4), (5, 6)]))
    np.testing.assert_array_equal(values, [[1, 2], [3, 4], [5, 6]])
    (single,) = field_paths("patches[0].taxels[]", "z")
    assert channel_values([single], stream([(1, 2)])).tolist() == [2]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("patches[2].taxels[].z", r"no patches\[2\].*patches has 2 elements"),
        ("patches[0].taxels[3].z", "taxels has 2 elements"),
        ("patches[].taxels[].z", "ragged: its arrays hold 1, 2 values"),
        ("pair[].values", "ragged: its arrays hold 1, 4 values"),
        ("patches[0].taxels[].y", "no patches.*attribute 'y'"),
        ("patches[0].z[]", "attribute 'z'"),
        ("data[0].x", "no data"),
        ("names", "type <U1: use numbers"),
        ("patches", "type object: use numbers"),
    ],
)
def test_messages_without_such_values_are_refused(path, named):
    with pytest.raises(FrameError, match=named) as refused:
        FieldPath.of(path).values(stream([(1, 2), (3, 4)], [(5, 6)]))
    assert refused.value.reason == "field"


def test_channels_of_different_lengths_are_refused():
    paths = [FieldPath.of("data"), FieldPath.of("pair[0].values")]
    with pytest.raises(FrameError, match=r"data 2, pair\[0\].values 4"):
        channel_values(paths, stream())


def test_no_elements_are_no_values():
    assert FieldPath.of("patches[].taxels[].z").values(stream()).shape == (0,)
    assert FieldPath.of("patches[0].taxels[].z").values(stream([])).shape == (0,)


@given(path=st.text("ab[].01_ ", max_size=12))
def test_any_text_is_a_path_or_refused(path):
    with suppress(SettingsError, FrameError):
        FieldPath.of(path).values(Message(a=[1, 2], b=Message(a=3)))
