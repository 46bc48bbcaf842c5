"""What both pages of this package do with a request before they look at it."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
WAIT = 10.0
"""Seconds that a request may take to arrive."""


class PageHandler(BaseHTTPRequestHandler):
    """Answers its own page; other web pages that are open in the browser are refused.

    Another page reaches this one by a name of its own that leads to this machine (`Host` is that
    name), or by a request from its script (`Origin` is its address).
    """

    timeout = WAIT
    server_version, sys_version = "tactile_equiv", ""
    server: Any

    def from_here(self) -> bool:
        """Whether the request came from the page itself or from no page; else it is refused.

        A server that listens on other addresses than this machine's own cannot know its names, so
        there only the origin is compared with the name that was asked for.
        """
        address, port = self.server.server_address[:2]
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        known = [f"{name}:{port}" for name in LOOPBACK]
        named = host in known or address not in ("127.0.0.1", "::1")
        if named and origin in (None, f"http://{host}"):
            return True
        self.send_error(HTTPStatus.FORBIDDEN)
        return False

    def answer(self, body: bytes, kind: str, sources: str) -> None:
        """Send a page or a part of it.

        Args:
            body: its bytes.
            kind: of the media type.
            sources: Content-Security-Policy: where scripts, styles and data may come from.
        """
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; {sources}; frame-ancestors 'none'; base-uri 'none'",
        )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Requests are not news, and the terminal may belong to a recording."""
