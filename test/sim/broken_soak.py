"""A soak of a perception node that leaks and loses frames without counting them.

Usage: python broken_soak.py MB_AN_HOUR LOST_EVERY [options of the soak]
"""

import sys
import time
from dataclasses import dataclass

from tactile_equiv_sim import soak

from tactile_equiv import perception_node
from tactile_equiv.node_process import node_main
from tactile_equiv.process_descriptions import NodeDescription

CHUNK = 1000


class BrokenNode(perception_node.PerceptionNode):
    """Keeps memory as time passes; of every so many frames one is taken and forgotten."""

    def __init__(self, **node_arguments):
        self._rate, self._every = float(sys.argv[2]) * 1e6 / 3600, int(sys.argv[3])
        self._kept, self._heard, self._begun = [], 0, time.monotonic()
        super().__init__(**node_arguments)

    def _on_message(self, serialised, info):
        wanted = self._rate * (time.monotonic() - self._begun) / CHUNK
        self._kept += [b"x" * (CHUNK + k % 2) for k in range(int(wanted) - len(self._kept))]
        self._heard += 1
        if self._every and self._heard % self._every == 0:
            self._input.missing(info)
        else:
            super()._on_message(serialised, info)


@dataclass(frozen=True)
class Broken(NodeDescription):
    """This node as a process."""

    what: tuple = ()

    def command(self):
        python, _, _, *arguments = super().command()
        return [python, __file__, "node", *self.what, *arguments]


def main():
    """Exit code of the node, or of the soak."""
    if sys.argv[1] == "node":
        perception_node.PerceptionNode = BrokenNode
        return perception_node.main()
    options = soak.parser().parse_args(sys.argv[3:])
    simulator, perception = soak.descriptions_of(options)
    broken = Broken(**vars(perception), what=tuple(sys.argv[1:3]))
    return node_main("soak", lambda: soak.run(options, [simulator, broken]), [])


if __name__ == "__main__":
    sys.exit(main())
