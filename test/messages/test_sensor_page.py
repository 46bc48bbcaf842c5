"""docs/sensors.md: its examples are read, its tables name what there is."""

import re
from pathlib import Path

import pytest

from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.sensor_profiles import profile_names, read_profile

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sensors.md"
TEXT = PAGE.read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_parameter_file(tmp_path, example):
    file = tmp_path / "example.yaml"
    file.write_text(example)
    FrameDecoder(read_profile(str(file)))


def test_every_ready_file_is_listed():
    assert re.findall(r"(?m)^\| `(\w+_\d+x\d+)` \|", TEXT) == [
        *("tekscan_28x50", "dsa9205_13x6", "roboskin_6x10"),
        *("xela_4x4", "digit_240x320", "gelsight_mini_240x320"),
    ]
    assert len(EXAMPLES) == 2
    for name in profile_names():
        assert f"`{name}`" in TEXT
