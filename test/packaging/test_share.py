"""The share directory is found from a source tree and from an install prefix."""

import sys
from pathlib import Path

import pytest

from tactile_equiv import share
from tactile_equiv.errors import TactileError
from tactile_equiv.share import share_directory


def make_share(folder):
    (folder / "config").mkdir(parents=True)
    (folder / "package.xml").touch()
    return folder


def make_module(folder):
    folder.mkdir(parents=True)
    (folder / "share.py").touch()
    return folder / "share.py"


@pytest.fixture
def empty_prefixes(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)


def test_here_it_holds_the_configuration():
    found = share_directory()
    assert (found / "config" / "fastdds.xml").is_file()
    assert Path(share.__file__).is_file()


def test_source_tree_comes_first(tmp_path, monkeypatch):
    make_share(tmp_path / "python" / "share" / "tactile_equiv")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "python"))
    tree = make_share(tmp_path / "tree")
    assert share_directory(make_module(tree / "tactile_equiv")) == tree


@pytest.mark.parametrize("library", ["lib/python3.12/site-packages", "local/lib/dist-packages"])
def test_install_prefix_of_the_module(tmp_path, empty_prefixes, library):
    expected = make_share(tmp_path / "install" / "share" / "tactile_equiv")
    module = make_module(tmp_path / "install" / library / "tactile_equiv")
    assert share_directory(module) == expected


def test_a_link_leads_to_the_source_tree(tmp_path, empty_prefixes):
    tree = make_share(tmp_path / "tree")
    make_module(tree / "tactile_equiv")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "tactile_equiv").symlink_to(tree / "tactile_equiv")
    assert share_directory(tmp_path / "build" / "tactile_equiv" / "share.py") == tree


def test_python_prefix_then_ament_prefixes(tmp_path, monkeypatch, empty_prefixes):
    module = make_module(tmp_path / "elsewhere" / "tactile_equiv")
    overlay = make_share(tmp_path / "overlay" / "share" / "tactile_equiv")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}/nothing:{tmp_path}/overlay")
    assert share_directory(module) == overlay
    prefix = make_share(tmp_path / "python" / "share" / "tactile_equiv")
    assert share_directory(module) == prefix


def test_nowhere_names_the_places(tmp_path, empty_prefixes):
    module = make_module(tmp_path / "elsewhere" / "tactile_equiv")
    with pytest.raises(TactileError, match=f"{tmp_path}/python/share/tactile_equiv"):
        share_directory(module)
