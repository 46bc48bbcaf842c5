"""The shipped RViz and Foxglove configurations show topics that the node publishes."""

import json
import re

import pytest
import yaml
from graph_client import NODE, ROOT

from tactile_equiv.settings import Settings

RVIZ_TYPES = {
    "rviz_default_plugins/Image": "sensor_msgs/msg/Image",
    "rviz_default_plugins/MarkerArray": "visualization_msgs/msg/MarkerArray",
}
PANEL_TYPES = {
    "Image": "sensor_msgs/msg/Image",
    "3D": "visualization_msgs/msg/MarkerArray",
    "StateTransitions": "vision_msgs/msg/Classification",
    "Plot": "vision_msgs/msg/Classification",
    "DiagnosticSummary": "diagnostic_msgs/msg/DiagnosticArray",
    "RawMessages": "vision_msgs/msg/LabelInfo",
}


def rviz_topics():
    """Topics of the displays and the types that they draw."""
    text = (ROOT / "config" / "rviz" / "perception.rviz").read_text("utf-8")
    displays = yaml.safe_load(text)["Visualization Manager"]["Displays"]
    shown = [display for display in displays if "Topic" in display]
    return [(one["Topic"]["Value"], RVIZ_TYPES[one["Class"]]) for one in shown]


def foxglove_layout():
    return json.loads((ROOT / "config" / "foxglove" / "perception.json").read_text("utf-8"))


def foxglove_topics():
    """Topics that any text in a panel's configuration names, and the types that it draws."""
    return [
        (re.match(r"[\w/]+", text).group(), PANEL_TYPES[panel.partition("!")[0]])
        for panel, configuration in foxglove_layout()["configById"].items()
        for text in re.findall(r'"(/[^"]*)"', json.dumps(configuration))
    ]


def leaves(layout):
    if isinstance(layout, str):
        return [layout]
    return [*leaves(layout["first"]), *leaves(layout["second"])]


def published_by(graph):
    """Topics of the node and their types, as far as discovery has told the client."""
    name = NODE.removeprefix("/")
    return dict(graph.node.get_publisher_names_and_types_by_node(name, "/"))


@pytest.mark.parametrize("named", [rviz_topics, foxglove_topics])
def test_every_topic_named_is_published_with_that_type(perception, named):
    graph = perception()
    topics = named()
    assert len(topics) >= 2
    graph.until(lambda: dict(topics).keys() <= published_by(graph).keys(), f"all of {topics}")
    for topic, kind in topics:
        assert published_by(graph)[topic] == [kind]


def test_every_panel_stands_in_the_layout_once():
    layout = foxglove_layout()
    assert sorted(leaves(layout["layout"])) == sorted(layout["configById"])


def test_the_fixed_frame_is_the_default_one():
    text = (ROOT / "config" / "rviz" / "perception.rviz").read_text("utf-8")
    options = yaml.safe_load(text)["Visualization Manager"]["Global Options"]
    assert options["Fixed Frame"] == Settings().frame_id
    assert foxglove_layout()["configById"]["3D!skin"]["followTf"] == Settings().frame_id
