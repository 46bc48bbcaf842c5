"""`tactile-equiv view`: a real node, the real command and a real browser."""

import json
import re
import resource
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import cv2
import numpy as np
import pytest
from browser import Browser, chromium
from graph_client import CLASSES, LIMIT_S, ROOT, Client, image, press
from rclpy.parameter import Parameter

from tactile_equiv.hand_node import HandNode
from tactile_equiv.view import FrameGate, Relay, perceptions
from tactile_equiv.view_server import ViewError, ViewServer

TOPICS = ("classification", "label_info", "contacts", "contact_map", "overlay")


@pytest.fixture
def view(ros_domain, tmp_path):
    """Starts the command on free ports; what it says, line by line."""
    pytest.importorskip("foxglove", reason="needs the extra 'view' (foxglove-sdk)")
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "tactile_equiv.console", "view"]
        ports = ["--port", "0", "--socket-port", "0"]
        with (tmp_path / f"view{len(started)}.log").open("w") as log:
            started.append(
                subprocess.Popen([*command, *ports, *arguments], cwd=ROOT, stdout=log, stderr=log)
            )
        return lambda: (tmp_path / log.name).read_text()

    yield start
    for one in started:
        one.terminate()
        one.wait()


@pytest.fixture
def browser(tmp_path):
    if chromium() is None:
        pytest.skip("needs Chromium or Chrome on PATH")
    opened = Browser(tmp_path / "profile")
    yield opened
    opened.close()


def said(graph, lines, pattern):
    """The first match in what the command says, once it says it."""
    return graph.until(lambda: re.search(pattern, lines()), f"{pattern} in {lines()}")


def test_a_browser_draws_what_the_node_publishes(perception, view, browser, tmp_path):
    graph = perception(row_pitch=0.002, col_pitch=0.002)
    lines = view()
    said(graph, lines, r"found /tactile_perception: classification, contact_map, contacts, label")
    browser.open(said(graph, lines, r"page (http://127.0.0.1:\d+/)")[1])
    graph.until(lambda: browser.value("subscriptions.size") == 6, "the page's subscriptions")
    node = graph.node
    for name in TOPICS:
        topic = f"/tactile_perception/{name}"
        graph.until(lambda: node.count_subscribers(topic), topic)  # noqa: B023
    sent = iter(range(1, 10**6))

    def until_drawn(expression, frame):
        def tried():
            graph.send(image(frame, next(sent)))
            return browser.value(expression)

        return graph.until(tried, f"{expression} in the page")

    until_drawn(
        "drawn >= 5 && names.size == 3 && document.querySelector('tbody tr') != null", press()
    )
    shown = browser.value("texture.textContent")
    name, score = shown.split()
    assert name in CLASSES and 1 / 3 <= float(score) <= 1
    bars = browser.value("[...classes.querySelectorAll('.bar span')].map(e => e.textContent)")
    assert sorted(bars) == sorted(CLASSES) and bars[0] == name
    cells = browser.value("[...contacts.querySelectorAll('td')].map(e => e.textContent)")
    assert cells[1] == name and cells[-1] == ""
    picture = tmp_path / "view.png"
    browser.screenshot(picture)
    pixels = cv2.imread(str(picture)).astype(int)
    green = (pixels[..., 1] - pixels[..., [0, 2]].max(axis=2) > 60).sum()
    assert green > 500, "no contact is drawn"
    browser.value("names.clear()")  # as where they were lost on the way
    until_drawn("names.size == 3", press())
    until_drawn("texture.textContent == 'no contact' && !contacts.children.length", 0 * press())
    until_drawn("contacts.querySelector('.clipped') != null", np.roll(press(), -4, 0))


@pytest.fixture
def hand(ros_context, model_directory):
    """A client and the node of the simulated hand in one executor."""
    given = {"hand": "simulated", "model_path": str(model_directory), "backend": "torch"}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    graph = Client(ros_context)
    node = HandNode(context=ros_context, parameter_overrides=overrides)
    graph.executor.add_node(node)
    node.start()
    yield graph
    graph.executor.remove_node(node)
    node.destroy_node()
    graph.close()


def test_a_browser_draws_all_patches_of_a_hand(hand, view, browser, tmp_path):
    sizes = dict.fromkeys(("thumb", "index", "middle", "ring", "little"), (13, 6))
    sizes["palm"] = (16, 16)
    browser.open(said(hand, view(), r"page (http://127.0.0.1:\d+/)")[1])
    sent = iter(range(1, 10**6))

    def until_drawn(expression):
        def tried():
            stamp = next(sent)
            for name, size in sizes.items():
                hand.send(image(press(4, 1, *size), stamp, ""), f"{name}/image")
            for _ in range(4 * len(sizes)):  # the page answers slowly, the patches wait till then
                hand.executor.spin_once(timeout_sec=0.01)
            return browser.value(expression)

        return hand.until(tried, f"{expression} in the page")

    outlined = (  # pictures with more orange, of clipped contacts, than the legend shows
        "[...overlays.querySelectorAll('canvas')].filter(canvas => {"
        "  const { width, height } = canvas;"
        "  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);"
        "  const pixels = new Uint32Array(data.buffer);"
        "  return pixels.filter((pixel) => pixel === 0xff3ca0ff).length > 500;"  # RGB 255, 160, 60
        "}).length"
    )
    until_drawn(f"{outlined} == 6 && owner == '/tactile_perception'")
    captions = browser.value("[...overlays.querySelectorAll('figcaption')].map(e => e.textContent)")
    assert sorted(captions) == sorted(sizes)
    until_drawn("names.size == 3 && classes.children.length == 3")
    assert browser.value("texture.textContent").split()[0] in CLASSES
    browser.screenshot(tmp_path / "hand.png")
    browser.value("overlays.children[0].click()")
    until_drawn(f"{outlined} == 1 && contacts.children.length == 1")
    assert browser.value("owner") == "/tactile_perception/" + sorted(sizes)[0]


@pytest.fixture
def server():
    pytest.importorskip("foxglove", reason="needs the extra 'view' (foxglove-sdk)")
    serving = ViewServer("127.0.0.1", 0, 0)
    yield serving
    serving.close()


def subscribed(server, topic):
    """A browser's socket that asked for a topic and reads nothing."""
    channel = server.offer(topic, "sensor_msgs/msg/Image", "uint8[] data")
    client = socket.create_connection(("127.0.0.1", int(server.socket_url.rpartition(":")[2])))
    client.sendall(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Sec-WebSocket-Protocol: foxglove.sdk.v1\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    wish = {"op": "subscribe", "subscriptions": [{"id": 1, "channelId": channel}]}
    text = json.dumps(wish).encode()
    client.sendall(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text)
    deadline = time.monotonic() + LIMIT_S
    while topic not in server.wanted():
        assert time.monotonic() < deadline, "the server heard no subscription"
    return client


def test_a_browser_that_reads_nothing_holds_nobody_up(server):
    message = bytes(2**20)
    with subscribed(server, "/a/overlay"):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(500):
            server.send("/a/overlay", message)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 1024, f"{grown} KiB of messages wait for a browser that reads none"


def test_a_browser_that_leaves_is_asked_for_no_more(server):
    subscribed(server, "/a/overlay").close()
    deadline = time.monotonic() + LIMIT_S
    while server.wanted():
        assert time.monotonic() < deadline, "the server still sends to a browser that left"


def test_only_the_files_of_the_page_are_served(server):
    assert b"<title>" in urllib.request.urlopen(server.page_url).read()
    for path in ("setup.py", "../setup.py", "%2e%2e/setup.py"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.page_url + path)


def test_without_a_node_the_command_says_what_to_look_for(server, ros_context, monkeypatch):
    monkeypatch.setattr("tactile_equiv.view.PATIENCE", 0.0)
    told = []
    relay = Relay(server, 30.0, "/elsewhere", told.append, context=ros_context)
    relay.refresh()
    relay.refresh()
    relay.destroy_node()
    (line,) = told
    assert line.startswith("no topics of /elsewhere") and "ROS_DOMAIN_ID" in line


def test_a_taken_port_is_named(server):
    port = int(server.socket_url.rpartition(":")[2])
    with pytest.raises(ViewError, match=f"127.0.0.1:{port}.*--socket-port"):
        ViewServer("127.0.0.1", 0, port)
    port = int(server.page_url.rpartition(":")[2][:-1])
    with pytest.raises(ViewError, match=f"127.0.0.1:{port}.*try another --port"):
        ViewServer("127.0.0.1", port, 0)


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "foxglove", None)
    with pytest.raises(ViewError, match=r"pip install 'tactile_equiv\[view\]'"):
        ViewServer("127.0.0.1", 0, 0)


def test_perception_nodes_are_told_from_others():
    topics = {
        "/hand/thumb/classification": "vision_msgs/msg/Classification",
        "/hand/thumb/label_info": "vision_msgs/msg/LabelInfo",
        "/hand/thumb/overlay": "sensor_msgs/msg/Image",
        "/detector/label_info": "vision_msgs/msg/LabelInfo",
        "/camera/overlay": "sensor_msgs/msg/Image",
        "/other/classification": "std_msgs/msg/String",
        "/other/label_info": "vision_msgs/msg/LabelInfo",
    }
    assert {owner: set(found) for owner, found in perceptions(topics).items()} == {
        "/hand/thumb": {name for name in topics if name.startswith("/hand/thumb/")}
    }
    assert perceptions(topics, "/hand").keys() == {"/hand/thumb"}
    assert perceptions(topics, "/han") == {}


def test_the_gate_lets_whole_frames_through_at_a_bounded_rate():
    gate = FrameGate(rate=10)
    let_in = [
        (stamp, part)
        for stamp in range(100)
        for part in range(3)
        if gate.admits(bytes([stamp]), stamp * 0.01 + part * 0.002)
    ]
    stamps = [stamp for stamp, _ in let_in]
    assert all(stamps.count(stamp) == 3 for stamp in stamps)
    assert 8 <= len(set(stamps)) <= 10
