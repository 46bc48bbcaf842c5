"""Labels typed in a terminal or a pipe, and clicked on the page."""

import json
import os
import pty
import queue
import termios
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tactile_equiv.errors import DataError
from tactile_equiv.label_page import LabelPage
from tactile_equiv.labels import LabelKeyboard, LabelKeys

CLASSES = ["smooth", "ridges", '<b>"&']
LIMIT = 30.0


def typed(keys: LabelKeys, text: str) -> list[str]:
    return [label for key in text if (label := keys.press(key)) is not None]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1", ["smooth"]),
        ("201", ["ridges", "", "smooth"]),
        ("ridges\n", ["ridges"]),
        (" ridges \r", ["ridges"]),
        ("ridx\x7fges\n", ["ridges"]),
        ("\n", [""]),
        ("\x7f\n", [""]),
        ("foam\nsmooth\n", ["smooth"]),
        ("9\x7f2", ["ridges"]),
    ],
)
def test_keys_become_labels(text: str, labels: list[str]) -> None:
    assert typed(LabelKeys(CLASSES), text) == labels


def test_without_classes_every_name_is_a_label_and_digits_are_text() -> None:
    assert typed(LabelKeys(), "12 mm\nfoam\n\n") == ["12 mm", "foam", ""]


def test_an_unknown_class_is_complained_about_until_a_right_one_comes() -> None:
    keys = LabelKeys(CLASSES)
    assert keys.line("smoth") is None and "'smoth' is none of smooth" in keys.complaint
    assert keys.line("smooth") == "smooth" and not keys.complaint


def test_a_terminal_gives_labels_key_by_key_and_is_left_as_it_was() -> None:
    terminal, stream = pty.openpty()
    before = termios.tcgetattr(stream)
    heard: queue.Queue[str] = queue.Queue()
    with os.fdopen(stream) as file:
        with LabelKeyboard(LabelKeys(CLASSES), heard.put, file):
            os.write(terminal, b"2")
            assert heard.get(timeout=LIMIT) == "ridges"
            os.write(terminal, b"\x1b[A")
            os.write(terminal, b"smooth\n")
            assert heard.get(timeout=LIMIT) == "smooth"
        assert termios.tcgetattr(stream) == before
    os.close(terminal)


def test_a_pipe_gives_labels_line_by_line_until_it_ends() -> None:
    reading, writing = os.pipe()
    heard: queue.Queue[str] = queue.Queue()
    with os.fdopen(reading) as file, LabelKeyboard(LabelKeys(CLASSES), heard.put, file):
        os.write(writing, b"smo")
        os.write(writing, b"oth\n2\n")
        assert [heard.get(timeout=LIMIT) for _ in range(2)] == ["smooth", "ridges"]
        os.close(writing)


def test_without_a_stream_nothing_is_read(tmp_path: Path) -> None:
    class Detached:
        def fileno(self) -> int:
            raise OSError

    with LabelKeyboard(LabelKeys(CLASSES), print, Detached()):
        pass


@pytest.fixture
def clicked() -> list[str]:
    return []


@pytest.fixture
def page(clicked: list[str]) -> Iterator[LabelPage]:
    def state() -> dict[str, str]:
        return {"label": clicked[-1] if clicked else "", "text": f"{len(clicked)} clicks"}

    with LabelPage(CLASSES, 0, clicked.append, state) as shown:
        yield shown


def ask(page: LabelPage, path: str, data: bytes | None = None, **headers: str) -> bytes:
    request = urllib.request.Request(page.address + path, data, headers)
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        return bytes(answer.read())


def test_the_page_has_a_button_for_each_class_and_none(page: LabelPage) -> None:
    text = ask(page, "").decode()
    assert text.count("<button ") == len(CLASSES) + 1
    assert 'value="&lt;b&gt;&quot;&amp;"' in text and "<b>" not in text


def test_a_click_is_a_label(page: LabelPage, clicked: list[str]) -> None:
    assert json.loads(ask(page, "label", b"ridges")) == {"label": "ridges", "text": "1 clicks"}
    assert json.loads(ask(page, "state"))["label"] == "ridges"
    ask(page, "label", b"")
    assert clicked == ["ridges", ""]


@pytest.mark.parametrize(
    ("path", "data", "headers", "code"),
    [
        ("label", b"foam", {}, 400),
        ("label", b"x" * 5000, {}, 400),
        ("label", b"ridges", {"Origin": "http://elsewhere.example"}, 403),
        ("state", None, {"Host": "elsewhere.example"}, 403),
        ("secret", None, {}, 404),
    ],
)
def test_other_requests_are_refused(
    page: LabelPage, clicked: list[str], path: str, data: bytes | None, headers: dict[str, str],
    code: int,
) -> None:  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(page, path, data, **headers)
    assert refused.value.code == code and not clicked


def test_a_port_in_use_is_said(page: LabelPage) -> None:
    with pytest.raises(DataError, match=f"port {page.port} cannot be used"):
        LabelPage(CLASSES, page.port, print, dict)
