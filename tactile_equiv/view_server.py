"""Serves the live page and, over the Foxglove protocol, the messages it draws. Knows no ROS."""

from __future__ import annotations

import json
import threading
from collections import Counter
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tactile_equiv.errors import TactileError
from tactile_equiv.page_handler import PageHandler
from tactile_equiv.share import share_directory

BACKLOG = 16
"""Messages kept for a browser that does not take them; then the oldest are lost."""
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/view.css": ("view.css", "text/css; charset=utf-8"),
    "/view.js": ("view.js", "text/javascript; charset=utf-8"),
    "/cdr.js": ("cdr.js", "text/javascript; charset=utf-8"),
}
SOURCES = "script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' ws:"


class ViewError(TactileError):
    """The view cannot be served."""


class ViewServer:
    """A page over HTTP and a WebSocket server of the Foxglove protocol.

    Args:
        host: address to listen at; 127.0.0.1 serves this machine alone.
        page_port, socket_port: 0 = any free one.

    Raises:
        ViewError: if the library is missing or a port is taken.
    """

    def __init__(self, host: str, page_port: int, socket_port: int) -> None:
        try:
            import foxglove
        except ImportError as error:
            raise ViewError(
                f"the view needs foxglove-sdk ({error}): pip install 'tactile_equiv[view]'"
            ) from error
        foxglove.set_log_level("ERROR")
        self._foxglove = foxglove
        self._listener = _Listener()
        self._context = foxglove.Context()
        self._channels: dict[str, Any] = {}
        try:
            self._socket = foxglove.start_server(
                name="tactile_equiv",
                host=host,
                port=socket_port,
                server_listener=self._listener,
                context=self._context,
                message_backlog_size=BACKLOG,
            )
        except (OSError, RuntimeError) as error:
            raise ViewError(f"{host}:{socket_port}: {error}: try another --socket-port") from error
        try:
            self._page = _page_server(host, page_port, self._socket.port)
        except OSError as error:
            self._socket.stop()
            raise ViewError(f"{host}:{page_port}: {error}: try another --port") from error
        self.page_url = f"http://{host}:{self._page.server_port}/"
        self.socket_url = f"ws://{host}:{self._socket.port}"
        threading.Thread(target=self._page.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop to serve."""
        self._page.shutdown()
        self._page.server_close()
        self._socket.stop()

    def offer(self, topic: str, message_type: str, definition: str) -> int:
        """Tell browsers of a topic of ROS messages, once.

        Args:
            topic: absolute name.
            message_type: "package/msg/Type".
            definition: its fields and those of the types within, as rosbag2 stores them.

        Returns:
            The number of its channel.
        """
        if topic not in self._channels:
            schema = self._foxglove.Schema(
                name=message_type, encoding="ros2msg", data=definition.encode()
            )
            self._channels[topic] = self._foxglove.Channel(
                topic, message_encoding="cdr", schema=schema, context=self._context
            )
        return int(self._channels[topic].id())

    def send(self, topic: str, serialised: bytes) -> None:
        """Pass a serialised message on to whoever asked for its topic; never waits for them."""
        self._channels[topic].log(serialised)

    def wanted(self) -> dict[str, int]:
        """The topics that browsers ask for now, and how many times each was asked for so far."""
        return self._listener.wanted()


class _Listener:
    """Counts subscriptions; called by the server's own threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Counter[str] = Counter()
        self._ever: Counter[str] = Counter()

    def on_subscribe(self, client: Any, channel: Any) -> None:
        """A browser asks for a topic."""
        with self._lock:
            self._now[channel.topic] += 1
            self._ever[channel.topic] += 1

    def on_unsubscribe(self, client: Any, channel: Any) -> None:
        """A browser has enough of it, or is gone."""
        with self._lock:
            self._now[channel.topic] -= 1

    def wanted(self) -> dict[str, int]:
        """See `ViewServer.wanted`."""
        with self._lock:
            return {topic: self._ever[topic] for topic, count in self._now.items() if count > 0}


def _page_server(host: str, port: int, socket_port: int) -> ThreadingHTTPServer:
    connection = json.dumps({"socket_port": socket_port}).encode()
    handler = partial(_PageHandler, share_directory() / "web", connection)
    return ThreadingHTTPServer((host, port), handler)


class _PageHandler(PageHandler):
    """The files of the page and nothing else."""

    def __init__(self, folder: Path, connection: bytes, *arguments: Any) -> None:
        self._folder = folder
        self._connection = connection
        super().__init__(*arguments)

    def do_GET(self) -> None:  # noqa: N802 (named by the base class)
        """Answer one request."""
        if not self.from_here():
            return
        path = self.path.partition("?")[0]
        if path == "/connection.json":
            self.answer(self._connection, "application/json", SOURCES)
        elif path in FILES:
            name, kind = FILES[path]
            self.answer((self._folder / name).read_bytes(), kind, SOURCES)
        else:
            self.send_error(404)
