"""Publishes a simulated hand: an image of every patch, and which texture it touches."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tactile_equiv_sim.hand_simulator_settings import HandSimulatorSettings
from tactile_equiv_sim.script import load_script
from tactile_equiv_sim.simulated_hand import HandFrame, SimulatedHand
from vision_msgs.msg import Classification, ObjectHypothesis

from tactile_equiv import parameters
from tactile_equiv.hand_description import read_hand
from tactile_equiv.messages import image_of
from tactile_equiv.node_process import node_main, spinning
from tactile_equiv.quality_of_service import OUTPUT_QOS, STREAM_QOS, own_copy

NODE_NAME = "tactile_hand_simulator"


class HandSimulatorNode(Node):
    """Publishes `<patch>/image` for every patch, and on `~/truth` what they touch.

    All frames of a moment have one stamp, and so has their truth: a `vision_msgs/Classification`
    with the name of the class, without result where nothing is touched; the touched patches are its
    `frame_id`, joined by spaces.

    Raises:
        TactileError: if a parameter, the hand or the script is wrong.
    """

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        settings = parameters.declare(self, HandSimulatorSettings)
        hand = SimulatedHand(read_hand(settings.hand), load_script(settings.script))
        self._frames = hand.frames(np.random.default_rng(settings.seed))
        self._images = {
            name: self.create_publisher(Image, f"{name}/image", own_copy(STREAM_QOS))
            for name in hand.names
        }
        self._truth = self.create_publisher(Classification, "~/truth", OUTPUT_QOS)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(1 / settings.rate_hz, self.publish_next, clock=steady)

    def subscribers(self) -> dict[str, int]:
        """How many listen to each patch."""
        return {name: topic.get_subscription_count() for name, topic in self._images.items()}

    def publish_next(self) -> HandFrame:
        """Publish the next moment, truth first; it is returned."""
        frame, stamp = next(self._frames), self.get_clock().now().to_msg()
        results = [ObjectHypothesis(class_id=frame.label, score=1.0)] if frame.touched else []
        where = Header(stamp=stamp, frame_id=" ".join(frame.touched))
        self._truth.publish(Classification(header=where, results=results))
        for name, values in frame.values.items():
            self._images[name].publish(image_of(Header(stamp=stamp, frame_id=name), values))
        return frame


def simulate() -> int:
    """Publish for ever."""
    with spinning(HandSimulatorNode) as (_, executor):
        executor.spin()
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the node; 2 where an argument, a parameter, the hand or the script is wrong."""
    return node_main("hand_simulator_node", simulate, arguments)


if __name__ == "__main__":
    sys.exit(main())
