"""The subcommand `tactile-equiv record`, apart from its arguments: it needs ROS, others do not."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rclpy.clock import Clock, ClockType

from tactile_equiv.bag_writer import BagWriter
from tactile_equiv.errors import DataError
from tactile_equiv.label_page import LabelPage
from tactile_equiv.labels import LabelKeyboard, LabelKeys
from tactile_equiv.node_process import node_main, spin, spinning
from tactile_equiv.recorder import Recorder

INPUTS = ("image", "image/compressed", "taxels")
OUTPUTS = ("classification", "contact_map", "contacts", "label_info")
STATE_PERIOD = 0.2  # seconds
PIPE_PERIOD = 10.0  # seconds between lines of state where no terminal shows them


def run(options: argparse.Namespace) -> int:
    """Record until Ctrl-C, SIGTERM or the given duration; 2 where that cannot be done."""
    return node_main("tactile-equiv record", lambda: _record(options), [])


def _record(options: argparse.Namespace) -> int:
    classes = [name.strip() for name in options.classes.split(",") if name.strip()]
    if options.label_page is not None and not classes:
        raise DataError("--label-page has a button for each class: name them with --classes a,b,c")
    bag = BagWriter(options.out)
    try:
        with spinning(lambda: _recorder(bag, options)) as (recorder, executor):
            try:
                with _labelling(recorder, classes, options) as keys:
                    _say(f"recording to {bag.file}, Ctrl-C ends; {keys.help()}")
                    spin(executor)
            finally:
                recorder.write_labels()
    finally:
        _close(bag)
    return 0


@contextmanager
def _labelling(
    recorder: Recorder, classes: list[str], options: argparse.Namespace
) -> Iterator[LabelKeys]:
    """Labels from keyboard and page; the state is shown in terminal and page."""
    keys = LabelKeys(classes)
    state = _State(recorder, keys, options.duration)
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    recorder.create_timer(STATE_PERIOD, state.tick, clock=steady)
    with ExitStack() as stack:
        if options.label_page is not None:
            page = LabelPage(classes, options.label_page, recorder.set_label, state.shown)
            stack.enter_context(page)
            _say(f"labels: {page.address}")
        stack.enter_context(LabelKeyboard(keys, recorder.set_label))
        yield keys


def _recorder(bag: BagWriter, options: argparse.Namespace) -> Recorder:
    topics = list(options.topic or INPUTS)
    if options.outputs:
        topics += [f"{options.node}/{name}" for name in OUTPUTS]
    return Recorder(bag, topics, options.label_topic, _say)


def _close(bag: BagWriter) -> None:
    """Finish the recording; where even that fails, an earlier error has said why."""
    failing = isinstance(sys.exc_info()[1], DataError)
    try:
        bag.close()
    except DataError:
        if not failing:
            raise
    _say(f"{bag.messages} messages over {bag.seconds:.1f} s in {bag.file}")


class _State:
    """What is shown while recording."""

    def __init__(self, recorder: Recorder, keys: LabelKeys, duration: float) -> None:
        self._recorder = recorder
        self._keys = keys
        self._began = time.monotonic()
        self._duration = duration
        self._told = self._began
        self._live = sys.stderr.isatty()

    def text(self) -> str:
        """Seconds, messages of each topic, the label, what is typed."""
        parts = [f"{time.monotonic() - self._began:.1f} s"]
        for topic, (count, missing) in self._recorder.counts.items():
            parts.append(f"{topic} {count}" + (f" ({missing} missing)" if missing else ""))
        if self._recorder.waiting and len(parts) < 3:
            parts.append(f"waiting for {', '.join(self._recorder.waiting)}")
        parts.append(f"label {self._recorder.label or 'none'}")
        if self._keys.complaint:
            parts.append(self._keys.complaint)
        return "  ".join(parts)

    def shown(self) -> dict[str, str]:
        """The same for the page."""
        return {"label": self._recorder.label, "text": self.text()}

    def tick(self) -> None:
        """Show the state now and then; end after the duration."""
        now = time.monotonic()
        if self._live:
            typed = f" > {self._keys.typed}" if self._keys.typed else ""
            sys.stderr.write(f"\r\033[K{self.text()}{typed}")
            sys.stderr.flush()
        elif now - self._told >= PIPE_PERIOD:
            self._told = now
            _say(self.text())
        if self._duration and now - self._began >= self._duration:
            self._recorder.context.try_shutdown()


def _say(text: str) -> None:
    lead = "\r\033[K" if sys.stderr.isatty() else ""
    print(f"{lead}{text}", file=sys.stderr, flush=True)
