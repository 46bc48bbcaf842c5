"""A list of sensors: one perception node for each, and clear words where it is wrong."""

from pathlib import Path

import pytest

from tactile_equiv.errors import SettingsError
from tactile_equiv.sensor_list import read_sensors

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "sensors.yaml"


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "sensors.yaml"
        file.write_text(text)
        return file

    return written


def test_the_shipped_example_is_read():
    left, right = read_sensors(SHIPPED)
    assert (left.namespace, right.namespace) == ("left_finger", "right_finger")
    assert left.remappings == {"image": "/left_camera/image_raw"}
    assert right.parameters == {"contact_threshold": 0.6}


def test_a_params_file_lies_beside_the_list(write, tmp_path):
    (node,) = read_sensors(write("- {params_file: gel.yaml}"))
    assert node.parameters_file == tmp_path / "gel.yaml"
    assert node.executable == "perception_node"
    assert read_sensors(write("- {params_file: /etc/gel.yaml}"))[0].parameters_file == Path(
        "/etc/gel.yaml"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "must be YAML"),
        ("namespace: left", "must be a list of entries"),
        ("[]", "must be a list of entries"),
        ("- left", "sensor 1 in .* is 'left'"),
        ("- {namespase: left}", "did you mean 'namespace'"),
        ("- {namespace: 3}", "namespace of sensor 1 .* must be a text"),
        ("- {remappings: [image]}", "remappings of sensor 1 .* 'name: value'"),
        ("- {remappings: {image: 3}}", "remapping of 'image' .* must be a text"),
        ("- {parameters: 3}", "parameters of sensor 1"),
        ("[{namespace: a}, {namespace: /a}]", "'/a' 2 times"),
        ("[{}, {}]", "every sensor needs one of its own"),
    ],
)
def test_wrong_lists_are_refused_in_words(write, text, said):
    with pytest.raises(SettingsError, match=said):
        read_sensors(write(text))


def test_a_missing_list_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_sensors(tmp_path / "none.yaml")
