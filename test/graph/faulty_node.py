"""Perception nodes that must fail under faults.

Usage: python faulty_node.py MODE FILE --ros-args ...; FILE is there from the second start on.
"""

import itertools
import signal
import sys
from dataclasses import replace
from pathlib import Path

from tactile_equiv import perception_node


class Silent(perception_node.PerceptionNode):
    """Does not publish every fifth percept."""

    def _create_outputs(self):
        super()._create_outputs()
        publish, frames = self._outputs.publish, itertools.count()
        self._outputs.publish = lambda *percept: next(frames) % 5 and publish(*percept)


class Stale(perception_node.PerceptionNode):
    """After it was started again, answers with the percept of the frame before."""

    before = None

    def _felt(self, frame, sensor):
        felt = super()._felt(frame, sensor)
        if not again:
            return felt
        before, self.before = self.before or felt, felt
        return replace(before, contact_map=before.contact_map.copy())


class Gullible(perception_node.PerceptionNode):
    """Says that it loaded a broken model."""

    def _serve_reload(self, request, response):
        response.success = True
        return response


MODES = {one.__name__.lower(): one for one in (Silent, Stale, Gullible)}

if __name__ == "__main__":
    mode, file = sys.argv[1], Path(sys.argv[2])
    again = file.exists()
    file.touch()
    if mode == "dead" and again:
        signal.pause()
    perception_node.PerceptionNode = MODES.get(mode, perception_node.PerceptionNode)
    sys.exit(perception_node.main())
