"""The perception node with a network of `broken_networks`, as a process.

Usage: python broken_node.py NETWORK SCRIPT --ros-args ...
"""

import sys

from broken_networks import model_of
from tactile_equiv_sim.script import load_script

from tactile_equiv import perception_node


class BrokenNode(perception_node.PerceptionNode):
    """Its model is fitted for a script instead of loaded."""

    def _loaded_model(self):
        network, script = sys.argv[1:3]
        return model_of(network, load_script(script))


if __name__ == "__main__":
    perception_node.PerceptionNode = BrokenNode
    sys.exit(perception_node.main())
