"""Pages are for the person here: other pages, odd requests and wicked names get nowhere."""

import re
import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tactile_equiv.label_page import LabelPage
from tactile_equiv.page_handler import PageHandler
from tactile_equiv.view_server import FILES, _page_server

LIMIT_S = 30.0
WICKED = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onclick='alert(1)",
    "</button><iframe src=//evil.example>",
    "{buttons}{0.__class__}",
    "&lt;b&gt;",
)


@pytest.fixture
def clicked():
    return []


@pytest.fixture
def label_page(clicked):
    with LabelPage(WICKED, 0, clicked.append, lambda: {"label": "", "text": WICKED[0]}) as page:
        yield page.port


@pytest.fixture
def view_page():
    with serving("127.0.0.1") as port:
        yield port


@contextmanager
def serving(host):
    """The page of the view without its data; its port."""
    server = _page_server(host, 0, 8765)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def get(port, path="/", data=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    return urllib.request.urlopen(request, timeout=LIMIT_S)


def refusal(port, path="/", data=None, **headers):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(port, path, data, **headers)
    return caught.value.code


def sent(port, request):
    """The first line of the answer to bytes; "" where the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), LIMIT_S) as connection:
        try:
            connection.sendall(request)
            return connection.makefile("rb").readline().decode("latin-1")
        except ConnectionError:  # closed before all of it was read
            return ""


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.values = [], []

    def handle_starttag(self, tag, attributes):
        self.found.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)
        self.values += [value for name, value in attributes if name == "value"]


def test_class_names_never_become_markup(label_page):
    answer = get(label_page)
    tags = Tags()
    tags.feed(answer.read().decode())
    assert tags.values == ["", *WICKED]
    assert (
        tags.found.count("script") == 1 and "img" not in tags.found and "iframe" not in tags.found
    )


def test_only_the_script_of_the_page_runs_and_no_page_may_frame_it(label_page):
    answers = [get(label_page), get(label_page)]
    policies = [answer.headers["Content-Security-Policy"] for answer in answers]
    nonces = [re.search(r"script-src 'nonce-([\w-]+)'", policy)[1] for policy in policies]
    for answer, nonce, policy in zip(answers, nonces, policies, strict=True):
        assert f'<script nonce="{nonce}">' in answer.read().decode()
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert nonces[0] != nonces[1]


def test_the_view_runs_its_own_files_alone(view_page):
    for path in FILES:
        policy = get(view_page, path).headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    page = get(view_page).read().decode()
    assert not re.search(r"<script>|style=|\son\w+=|https?:", page)


def test_the_view_puts_texts_of_messages_nowhere_but_into_text(view_page):
    script = get(view_page, "/view.js").read().decode() + get(view_page, "/cdr.js").read().decode()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                 "Function(", "setAttribute", ".href", ".src"):  # fmt: skip
        assert word not in script


@pytest.mark.parametrize("page", ["label_page", "view_page"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
    ],
)
def test_other_pages_of_the_browser_are_refused(request, page, headers):
    port = request.getfixturevalue(page)
    given = {name: value.format(port=port) for name, value in headers.items()}
    assert refusal(port, **given) == 403
    assert refusal(port, "/label", b"", **given) in (403, 501)
    assert get(port, Host=f"localhost:{port}", Origin=f"http://localhost:{port}").status == 200


def test_a_view_on_all_addresses_is_asked_by_any_name_but_not_by_other_pages():
    with serving("0.0.0.0") as port:
        assert get(port, Host=f"robot.example:{port}").status == 200
        assert refusal(port, Host=f"robot.example:{port}", Origin="http://evil.example") == 403


@pytest.mark.parametrize("page", ["label_page", "view_page"])
@pytest.mark.parametrize(
    "path",
    ["/../setup.py", "/..%2fsetup.py", "//etc/passwd", "/view.js/../../setup.py", "/%2e%2e/x",
     "/.git/config", "http://evil.example/", "/view.js%00.css"],
)  # fmt: skip
def test_no_other_file_is_served(request, page, path):
    port = request.getfixturevalue(page)
    line = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    assert " 404 " in sent(port, line.encode())


@pytest.mark.parametrize(
    "length", ["-1", "1e9", "99999", "9" * 5000, "", "0x10", "٣", "5000", "4097", "1, 2"]
)
def test_a_click_of_an_odd_length_is_refused(label_page, clicked, length):
    head = (
        f"POST /label HTTP/1.1\r\nHost: 127.0.0.1:{label_page}\r\nContent-Length: {length}\r\n\r\n"
    )
    assert " 400 " in sent(label_page, head.encode())
    assert not clicked


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET / HTTP/1.1\r\nX: " + b"a" * 70000 + b"\r\n\r\n", b"GET /" + b"a" * 70000, b"\0\r\n\r\n",
     b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"BREW / HTTP/1.1\r\n\r\n"],
    ids=["long head", "long line", "zero", "many heads", "other method"],
)  # fmt: skip
def test_a_request_out_of_bounds_is_refused(view_page, request_bytes):
    assert " 200 " not in sent(view_page, request_bytes)
    assert get(view_page).status == 200


@pytest.mark.parametrize("begun", [b"GET / HT", b"POST /label HTTP/1.1\r\nContent-Length: 9\r\n"])
def test_a_request_that_never_ends_is_given_up(label_page, monkeypatch, begun):
    with monkeypatch.context() as impatient:
        impatient.setattr(PageHandler, "timeout", 0.2)
        assert sent(label_page, begun) == ""
    assert get(label_page).status == 200


def test_the_pages_listen_on_this_machine_alone_unless_told_otherwise(label_page, view_page):
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    addresses = [row.split()[1:4:2] for row in rows]
    for port in (label_page, view_page):
        listening = [local for local, state in addresses if local.endswith(f":{port:04X}")
                     and state == "0A"]  # fmt: skip
        assert listening == [f"0100007F:{port:04X}"]
