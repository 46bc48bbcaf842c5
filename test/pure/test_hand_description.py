"""Hands in YAML: what is read, and what is refused with the reason."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from tactile_equiv.cdr import Dimension, Layout, MultiArrayContent
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.hand_description import hand_from, read_hand
from tactile_equiv.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def hand(text):
    return hand_from(yaml.safe_load(text), "hand")


def only(text):
    (patch,) = hand(text).patches
    return patch


def test_shipped_hands():
    simulated = {p.name: p.settings(Settings()) for p in read_hand("simulated").patches}
    assert [(s.rows, s.cols) for s in simulated.values()] == [(13, 6)] * 5 + [(16, 16)]
    sdh2 = read_hand("sdh2").patches
    ends = [p.first + p.settings(Settings()).rows * 6 for p in sdh2]
    assert [0, *ends] == [*(p.first for p in sdh2), 486]


def test_own_parameters_over_defaults_over_the_nodes():
    text = """
    defaults: {rows: 13, cols: 6, contact_threshold: 0.7}
    patches: {tip: , palm: {rows: 16, cols: 16, frame_id: palm_link, topic: /skin}}
    """
    tip, palm = hand(text).patches
    node = Settings().changed({"contact_threshold": 0.2, "min_contact_area": 5, "frame_id": "hand"})
    assert (tip.topic, palm.topic) == ("", "/skin")
    found = tip.settings(node)
    assert (found.rows, found.cols, found.frame_id) == (13, 6, "tip")
    assert (found.contact_threshold, found.min_contact_area) == (0.7, 5)
    assert palm.settings(node).frame_id == "palm_link"


SKIN = "{input_type: taxels, rows: 2, cols: 3, first: 4}"


def array(count, offset=0):
    dimension = Dimension("cells", count, count)
    return MultiArrayContent(Layout((dimension,), offset), np.arange(count))


def test_a_part_of_an_array():
    patch = only(f"patches: {{tip: {SKIN}}}")
    settings = patch.settings(Settings())
    part = patch.part_of(array(12), settings)
    assert part.layout.dim == ()
    assert part.data.tolist() == [4, 5, 6, 7, 8, 9]
    assert patch.part_of(array(12, 2), settings).data.tolist() == [6, 7, 8, 9, 10, 11]
    with pytest.raises(FrameError, match="9 values: patch 'tip', 2 x 3, begins at value 4"):
        patch.part_of(array(9), settings)


def test_the_size_of_a_part_may_come_from_the_node():
    patch = only("patches: {tip: {input_type: taxels, first: 4}}")
    settings = patch.settings(Settings().changed({"rows": 2, "cols": 2}))
    assert patch.part_of(array(12), settings).data.tolist() == [4, 5, 6, 7]


def test_without_first_all_of_a_message_is_the_patch():
    contents = SimpleNamespace()
    patch = only("patches: {tip: {rows: 2}}")
    assert patch.part_of(contents, patch.settings(Settings())) is contents


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "must hold the keys defaults, patches"),
        ("{}", "has no patches"),
        ("patches: {}", "has no patches"),
        ("patches: [tip]", "has no patches"),
        ("patchs: {tip: {}}", "key 'patchs' of hand is unknown: did you mean 'patches'"),
        ("patches: {tip: {row: 1}}", "key 'row' of patch 'tip' of hand is unknown.*'rows'"),
        ("patches: {tip: {model_path: m}}", "key 'model_path' of patch 'tip'"),
        ("patches: {tip: 7}", "patch 'tip' of hand is 7"),
        ("patches: {2: {}}", "a patch 2: a name is letters"),
        ("patches: {a/b: {}}", "a patch 'a/b'"),
        ("patches: {tip: {topic: 3}}", "topic of patch 'tip' of hand is 3"),
        ("patches: {tip: {first: -1}}", "first of patch 'tip' of hand is -1"),
        ("patches: {tip: {first: true}}", "first of patch 'tip' of hand is True"),
        ("patches: {tip: {first: 0}}", "only std_msgs/msg/...MultiArray are cut"),
        ("patches: {tip: {first: 0, input_type: taxels}}", "rows, cols are 0, 0: set both"),
        ("patches: {tip: {rows: -1}}", "patch 'tip': parameter 'rows' is -1"),
        ("defaults: {cols: 6.5}\npatches: {tip: }", "patch 'tip': parameter 'cols' is 6.5"),
    ],
)
def test_a_wrong_hand_is_refused_with_the_reason(text, reason):
    with pytest.raises(SettingsError, match=reason):
        only(text).settings(Settings())


def test_a_file_that_is_not_there_or_no_yaml(tmp_path):
    with pytest.raises(SettingsError, match=r"'nowhere' does not exist.*sdh2, simulated"):
        read_hand("nowhere")
    with pytest.raises(SettingsError, match="'' does not exist"):
        read_hand("")
    (tmp_path / "hand.yaml").write_text("patches: {")
    with pytest.raises(SettingsError, match=r"hand\.yaml cannot be read"):
        read_hand(tmp_path / "hand.yaml")


def test_the_examples_of_the_page_are_hands():
    page = (ROOT / "docs" / "hand.md").read_text("utf-8")
    examples = page.split("```yaml\n")[1:]
    assert len(examples) == 3
    for example in examples:
        assert len(hand(example.split("```")[0]).patches) >= 2
