"""docs/audit.md shows what the audit says."""

import re
import sys
from pathlib import Path

import pytest

from tactile_equiv.audit import Thresholds
from tactile_equiv.audit.findings import REMEDIES
from tactile_equiv.audit.table import COLUMNS
from tactile_equiv.audit.verdict import SHORT
from tactile_equiv.console import main

DOC = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
NETWORK, USE = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
(OUTPUT,) = re.findall(r"```text\n(.*?)```", DOC, re.DOTALL)


def words(text):
    """Its words; other builds of torch may round its numbers apart."""
    return re.sub(r"\d+(\.\d+)?(e[+-]\d+)?", "0", text).split()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_network.py").write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_network", None)


def test_the_command_says_what_stands_there(folder, capsys):
    (command,) = re.findall(r"^    tactile-equiv (audit my_network.*)$", DOC, re.MULTILINE)
    assert main(command.split()) == 1
    out = capsys.readouterr().out
    assert words(out) == words(OUTPUT)
    assert max(map(len, out.splitlines())) <= 100
    assert (folder / "audit.html").exists() and (folder / "audit.json").exists()


def test_the_lines_of_python_say_the_same(folder, capsys):
    exec(USE, {})
    verdict = OUTPUT[OUTPUT.index("Not equivariant") :]
    assert words(capsys.readouterr().out) == words(verdict)


def test_every_column_and_every_limit_is_explained():
    for name in COLUMNS:
        assert f"| {name} |" in DOC
    for name in Thresholds().to_json():
        assert f"`{name}`" in DOC


def test_every_cause_has_words_and_a_remedy():
    assert set(SHORT) == set(REMEDIES)
