"""Claims about quality and security can be looked up: files, commands and names exist."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tactile_equiv.share import share_directory

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("QUALITY_DECLARATION.md", "SECURITY.md", "docs/security.md")
POLICY = share_directory() / "config" / "security" / "policy.xml"


def text_of(page):
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_is_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
    assert links
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_named_is_there(page):
    targets = re.findall(r"(?m)^([a-z-]+):", text_of("Makefile"))
    named = re.findall(r"`make ([a-z-]+)", text_of(page))
    assert set(named) <= set(targets)


def test_a_level_is_claimed_and_each_policy_of_the_rep_is_spoken_of():
    page = text_of("QUALITY_DECLARATION.md")
    assert len(re.findall(r"quality level [1-5]\*\*", page)) == 1
    for policy in (
        "Version",
        "Change",
        "Documentation",
        "Testing",
        "Depend",
        "Platform",
        "Security",
    ):
        assert re.search(rf"(?m)^## \d {policy}", page), policy
    assert "QUALITY_DECLARATION.md" in text_of("README.md")


def test_the_level_is_what_the_copyright_statements_allow():
    """Level 4 asks for a statement in each source file; whoever adds them may raise the claim."""
    sources = [*ROOT.glob("tactile_equiv/**/*.py"), *ROOT.glob("sim/**/*.py")]
    stated = all("copyright" in source.read_text("utf-8").lower() for source in sources)
    (level,) = re.findall(r"quality level ([1-5])\*\*", text_of("QUALITY_DECLARATION.md"))
    assert stated or level == "5"


def test_nobody_is_to_be_written_to_at_an_invented_address():
    for page in PAGES:
        assert not re.search(r"[\w.]+@[\w.]+", text_of(page))


def test_the_page_names_the_enclaves_of_the_policy():
    enclaves = {enclave.attrib["path"] for enclave in ElementTree.parse(POLICY).iter("enclave")}
    named = set(re.findall(r"(?m)`(/tactile_equiv/\w+)`", text_of("docs/security.md")))
    assert named == enclaves


def test_the_policy_allows_names_alone_never_patterns():
    policy = ElementTree.parse(POLICY)
    names = [one.text for kind in ("topic", "service", "action") for one in policy.iter(kind)]
    assert names
    assert not [name for name in names if not re.fullmatch(r"(~/|/)?[a-z0-9_/]+", name)]


@pytest.fixture
def audit(monkeypatch):
    pytest.importorskip("packaging", reason="reads pins with the package packaging")
    monkeypatch.syspath_prepend(str(ROOT / "environment"))
    sys.modules.pop("audit_dependencies", None)
    import audit_dependencies

    return audit_dependencies


def test_every_pin_is_exact(audit):
    assert all(versions for versions in audit.pins().values())


def test_an_installed_package_without_its_pin_is_found(audit, monkeypatch):
    whole = audit.pins()
    if list(audit.unpinned()):
        pytest.skip("this environment was not made from the pins")
    without = {name: versions for name, versions in whole.items() if name != "sympy"}
    monkeypatch.setattr(audit, "pins", lambda: without | {"numpy": {"0.0.1"}})
    found = "\n".join(audit.unpinned())
    assert "pinned 0.0.1" in found
    assert "sympy" in found and "not at all" in found


def command(tmp_path, script):
    file = tmp_path / "pip-audit"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return [str(file)]


WEAK = '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1"}]},'
WEAK += ' {"name": "b", "skip_reason": "unknown"}, {"name": "c", "version": "2", "vulns": []}]}'


def test_a_known_weakness_fails_the_audit(audit, tmp_path, capsys):
    assert audit.audit(command(tmp_path, f"echo '{WEAK}'; exit 1"))
    said = capsys.readouterr().out
    assert "a 1: X-1" in said and "3 packages, 1 with" in said and "not in the data: b" in said


@pytest.mark.parametrize("script", ["exit 1", "echo no connection; exit 1", "echo '[]'"])
def test_an_audit_that_reaches_no_data_says_so_and_fails_nothing(audit, tmp_path, capsys, script):
    assert not audit.audit(command(tmp_path, script))
    assert "not audited: pip-audit gave no answer" in capsys.readouterr().out
    assert not audit.audit([])
    assert "not audited: pip-audit is not on PATH" in capsys.readouterr().out
