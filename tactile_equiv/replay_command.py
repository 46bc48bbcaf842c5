"""The subcommand `tactile-equiv replay`, apart from its arguments: it needs ROS, others do not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from tactile_equiv.bags import BAG_SUFFIXES
from tactile_equiv.errors import DataError
from tactile_equiv.node_process import node_main
from tactile_equiv.player import Pace, Player, play
from tactile_equiv.recording_commands import notify, read
from tactile_equiv.recordings import RecordedFrame
from tactile_equiv.replay import BagReplay, Replay, seconds_of

DISCOVERY_LIMIT = 30.0  # seconds that a subscriber is waited for


def run(options: argparse.Namespace) -> int:
    """Publish until the end or Ctrl-C; 2 where that cannot be done."""
    return node_main("tactile-equiv replay", lambda: _replay(options), [])


def _replay(options: argparse.Namespace) -> int:
    bag = options.data.is_dir() or options.data.suffix in BAG_SUFFIXES
    as_recorded = bag and not (options.topic or options.rate)
    player = _all_topics(options) if as_recorded else _frames(options)
    count = play(player, DISCOVERY_LIMIT if options.wait else 0.0)
    print(f"{count} {'messages' if as_recorded else 'frames'} published")
    return 0


def _all_topics(options: argparse.Namespace) -> Player:
    if not options.data.exists():
        raise DataError(f"{options.data} does not exist: name a recording")
    if options.clock and options.stamps == "now":
        raise DataError("--stamps now contradicts --clock: its time is the recorded one")
    topics = (options.from_topic, f"/{options.label_topic.lstrip('/')}")
    return BagReplay(
        options.data,
        topics if options.from_topic else (),
        restamp=not (options.clock or options.stamps == "recorded"),
        start=options.start,
        duration=options.duration,
        tell=notify,
        pace=_pace(options),
    )


def _frames(options: argparse.Namespace) -> Player:
    if options.stamps == "recorded":
        raise DataError("frames alone have no stamps: replay a recording without --topic, --rate")
    rate = options.rate or 0.0

    def chosen() -> Iterator[RecordedFrame]:
        for index, one in enumerate(read(options.data, options)):
            seconds = seconds_of(index, one, rate)
            if options.duration and seconds >= options.start + options.duration:
                return
            if seconds >= options.start:
                yield one

    return Replay(chosen, rate, options.topic or "image", options.frame_id, _pace(options))


def _pace(options: argparse.Namespace) -> Pace:
    return Pace(options.speed, options.clock, options.loop)
