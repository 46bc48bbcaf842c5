"""A real node of a hand and a client that talks to it, in one executor."""

from typing import Any

from graph_client import Client, image, press
from rclpy.parameter import Parameter
from vision_msgs.msg import Classification

from tactile_equiv.hand_node import HandNode

SIZES = {"thumb": (13, 6), "index": (13, 6), "palm": (16, 16)}
BY_TOPIC = """
patches:
  thumb: {rows: 13, cols: 6}
  index: {rows: 13, cols: 6, frame_id: index_tip}
  palm: {rows: 16, cols: 16}
"""


class Hand(Client):
    """A client and the node of a hand in one executor."""

    def __init__(self, context: Any, parameters: dict[str, Any]) -> None:
        super().__init__(context)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.hand = HandNode(context=context, parameter_overrides=overrides)
        self.executor.add_node(self.hand)
        self.hand.start()
        self.until(lambda: self.node.count_publishers("/rosout") >= 2, "the node's log")
        self.classes: list[Classification] = []
        self.of_patch: dict[str, list[Classification]] = {}
        if self.state == "active":
            self.classes = self.output(Classification, "classification")
            for name in SIZES.keys() & set(self.hand._patches):
                self.of_patch[name] = self.output(Classification, f"{name}/classification")

    def close(self) -> None:
        """Leave the graph."""
        self.executor.remove_node(self.hand)
        self.hand.destroy_node()
        super().close()

    def statuses_now(self) -> dict[str, Any]:
        """The statuses by the last word of their names, published now."""
        before = len(self.statuses)
        self.hand.publish_diagnostics()
        self.until(lambda: len(self.statuses) > before, "diagnostics")
        return {status.name.split()[-1]: status for status in self.statuses[-1].status}

    def feel(self, frames: dict[str, Any], seconds: float = 1.0) -> Classification:
        """Send a frame of some patches; the texture of the hand."""
        before = len(self.classes)
        for name, frame in frames.items():
            self.send(image(frame, seconds, ""), f"{name}/image")
        self.until(lambda: len(self.classes) > before, "a classification of the hand")
        return self.classes[-1]


def frames(*touched: str) -> dict[str, Any]:
    """A frame of each patch: a press on the touched ones, on all where none is named."""
    return {
        name: press(4, 1, *size) * (name in touched or not touched) for name, size in SIZES.items()
    }


def together(hand: Hand) -> None:
    """The first frames, after which all patches are awaited: their sets may be three."""
    for name, frame in frames("none").items():
        hand.send(image(frame, 0.5, ""), f"{name}/image")
    hand.until(lambda: all(hand.of_patch.values()), "a result of every patch")
