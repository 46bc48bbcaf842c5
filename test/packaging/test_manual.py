"""The manual: links lead somewhere, commands, parameters and modules that it names exist."""

import re
import shlex
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest
from tactile_equiv_sim.parameter_reference import KINDS
from tactile_equiv_sim.script import load_script

from tactile_equiv import console
from tactile_equiv.parameters import FOREIGN

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *(str(page.relative_to(ROOT)) for page in sorted(ROOT.glob("docs/*.md")))]
NODES = {"perception_node": "perception", "hand_node": "hand", "shift_check": "check"}
NODES |= {"simulator_node": "simulator", "hand_simulator_node": "hand_simulator"}


def text_of(page):
    return (ROOT / page).read_text("utf-8")


def commands(text, program):
    """Arguments of the command lines of a program in the code blocks of a page."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = re.findall(rf"(?m)^(?:    |\$ )?{re.escape(program)} (.*)$", joined)
    return [shlex.split(line, comments=True) for line in lines]


def anchors(text):
    """The names that headings of a page get on GitHub."""
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?s)```.*?```", "", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)]+)\)", re.sub(r"(?s)```.*?```", "", text_of(page))):
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


def test_every_page_is_listed():
    linked = set(re.findall(r"\]\(([\w.-]+\.md)\)", text_of("docs/README.md")))
    assert linked == {Path(page).name for page in PAGES} - {"README.md"}


@pytest.mark.parametrize("page", PAGES)
def test_console_commands_are_understood(page):
    for arguments in commands(text_of(page), "tactile-equiv"):
        console._parser().parse_args(arguments)


@pytest.mark.parametrize("page", PAGES)
def test_parameters_of_nodes_are_declared(page):
    for executable, *arguments in commands(text_of(page), "ros2 run tactile_equiv"):
        if executable in NODES:
            known = {declared.name for declared in fields(KINDS[NODES[executable]][0])}
            given = [one.split(":=")[0] for one in arguments if ":=" in one and "__" not in one]
            named = {name for name in given if not name.startswith(FOREIGN)}
            remapped = {a for flag, a in pairwise(arguments) if flag == "-r"}
            assert named - {one.split(":=")[0] for one in remapped} <= known


@pytest.mark.parametrize("page", PAGES)
def test_arguments_of_launch_files_exist(page):
    for file, *arguments in commands(text_of(page), "ros2 launch tactile_equiv"):
        launch = (ROOT / "launch" / file).read_text("utf-8")
        for name in (one.split(":=")[0] for one in arguments if re.match(r"\w+:=", one)):
            assert f'"{name}": (' in launch or "ClosedLoop" in launch


@pytest.mark.parametrize("page", PAGES)
def test_shift_scripts_of_commands_are_shipped(page):
    for name in re.findall(r"(?:script:=|--script )([a-z_]+)(?=[\s`])", text_of(page)):
        assert (ROOT / "config" / "scripts" / f"{name}.yaml").is_file(), name


def test_scripts_for_practice_are_pressed_within_the_sensor():
    for name in ("practice_stripes", "practice_band"):
        script = load_script(name)
        assert len(script) == pytest.approx(20 * script.timing.rate_hz, rel=0.1)
        assert len(script.moves) == 12


def test_a_wrong_command_is_found():
    (arguments,) = commands(
        "    tactile-equiv train data.npz \\\n        --output model  # x\n", "tactile-equiv"
    )
    with pytest.raises(SystemExit):
        console._parser().parse_args(arguments)


def architecture_modules():
    """Words in backticks that look like modules, and the first words of the text diagram."""
    page = text_of("docs/architecture.md")
    (diagram,) = re.findall(r"(?s)```text\n(.*?)```", page)
    column = re.findall(r"(?m)^ {1,3}([a-z_]+(?:, [a-z_]+)?)  ", diagram)
    table = page[page.index("## From touch") : page.index("Every parameter is a field")]
    named = re.findall(r"`([a-z_]+)`", table)
    threads = re.findall(r"\(`([a-z_]+)`\)", page)
    return {*(word for words in column for word in words.split(", ")), *named, *threads}


def test_modules_of_the_architecture_exist():
    modules = architecture_modules() - {"tactile_equiv_sim", "sim", "driver"}
    assert len(modules) > 30
    for name in modules:
        assert (ROOT / "tactile_equiv" / f"{name}.py").is_file(), name


def test_what_the_architecture_names_within_modules_exists():
    page = re.sub(r"(?s)```.*?```", "", text_of("docs/architecture.md"))
    pairs = re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", page)
    assert pairs
    for module, name in pairs:
        if name not in ("py", "md"):
            source = (ROOT / "tactile_equiv" / f"{module}.py").read_text("utf-8")
            assert re.search(rf"(?m)^((class|def) )?{name}\b", source), (module, name)
    for path in re.findall(r"`((?:test|sim|config)/[\w/.]*)`", page):
        assert (ROOT / path).exists(), path
