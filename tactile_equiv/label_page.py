"""A page with a button for each class, served on this machine alone."""

from __future__ import annotations

import html
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any

from tactile_equiv.errors import DataError
from tactile_equiv.page_handler import PageHandler

ADDRESS = "127.0.0.1"
LONGEST = 4096  # bytes of a request
LENGTH = re.compile("[0-9]{1,4}")
POLL = 0.05  # seconds until a call to end is noticed
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Recording: label</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 18px/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem;
  background: #fff; color: #111; }}
#state {{ color: #444; min-height: 1.4em; white-space: pre-wrap; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .75rem; }}
button {{ font: inherit; padding: 1.4rem .5rem; border: 2px solid #777; border-radius: .4rem;
  background: #f3f3f3; overflow-wrap: anywhere; cursor: pointer; }}
button[aria-pressed=true] {{ background: #14532d; border-color: #14532d; color: #fff; }}
kbd {{ opacity: .6; }}
</style></head><body>
<p id="state" role="status">connecting</p>
<main>{buttons}</main>
<script nonce="{nonce}">
const buttons = [...document.querySelectorAll("button")], state = document.getElementById("state");
function show(now) {{
  state.textContent = now.text;
  for (const one of buttons) one.setAttribute("aria-pressed", one.value === now.label);
}}
async function ask(request) {{
  try {{ show(await (await request).json()); }} catch {{ state.textContent = "recording ended"; }}
}}
for (const one of buttons)
  one.onclick = () => ask(fetch("label", {{method: "POST", body: one.value}}));
onkeydown = event => {{
  if (event.key >= "0" && event.key <= "9" && !event.repeat) buttons[event.key]?.click();
}};
setInterval(() => ask(fetch("state")), 500);
ask(fetch("state"));
</script></body></html>
"""


class LabelPage:
    """Serves the page; used as a context manager.

    Requests that did not come from the page itself are refused, so that no other web page can set
    labels.

    Args:
        classes: the buttons.
        port: on this machine; 0 = any free one.
        on_label: called with the clicked class ("" = none).
        state: what the page shows: "label" and "text".

    Raises:
        DataError: if the port is taken.
    """

    def __init__(
        self,
        classes: Sequence[str],
        port: int,
        on_label: Callable[[str], None],
        state: Callable[[], Mapping[str, str]],
    ) -> None:
        try:
            self._server = ThreadingHTTPServer((ADDRESS, port), _Handler)
        except OSError as error:
            raise DataError(
                f"port {port} cannot be used ({error.strerror}): give another --label-page PORT"
            ) from error
        self.port = int(self._server.server_address[1])
        shared: Any = self._server
        shared.classes, shared.on_label, shared.state = ["", *classes], on_label, state
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL,), daemon=True
        )

    @property
    def address(self) -> str:
        """Of the page."""
        return f"http://{ADDRESS}:{self.port}/"

    def __enter__(self) -> LabelPage:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(PageHandler):
    def do_GET(self) -> None:  # noqa: N802 (named by the base class)
        """The page, and what it shows."""
        if not self.from_here():
            return
        if self.path == "/":
            nonce = secrets.token_urlsafe()
            sources = f"script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; connect-src 'self'"
            page = _page(self.server.classes, nonce)
            self.answer(page.encode(), "text/html; charset=utf-8", sources)
        elif self.path == "/state":
            self._show_state()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:  # noqa: N802
        """A click."""
        if not self.from_here():
            return
        length = self.headers.get("Content-Length", "")
        if self.path != "/label" or not LENGTH.fullmatch(length) or int(length) > LONGEST:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        label = self.rfile.read(int(length)).decode("utf-8", "replace")
        if label not in self.server.classes:
            self.send_error(HTTPStatus.BAD_REQUEST, "no such class")
            return
        self.server.on_label(label)
        self._show_state()

    def _show_state(self) -> None:
        state = json.dumps(dict(self.server.state()))
        self.answer(state.encode(), "application/json", "sandbox")


def _page(classes: Sequence[str], nonce: str) -> str:
    buttons = [
        f'<button value="{html.escape(name)}" aria-pressed="false">'
        f"{f'<kbd>{index}</kbd> ' if index < 10 else ''}{html.escape(name) or 'none'}</button>"
        for index, name in enumerate(classes)
    ]
    return PAGE.format(buttons="".join(buttons), nonce=nonce)
