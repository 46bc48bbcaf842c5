"""Whoever can set a parameter reaches shipped files and one folder, by whatever name or link."""

import pytest

from tactile_equiv import allowed_paths
from tactile_equiv.allowed_paths import AllowedPaths
from tactile_equiv.errors import SettingsError
from tactile_equiv.hand_settings import HandSettings
from tactile_equiv.settings import Settings


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A shipped model and hand, a folder of models, and a secret beside it; the model in use."""
    for folder in ("share/config/models/shipped", "robot/ours", "robot/next", "secret", "work"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "share/config/hands").mkdir()
    for file in ("share/config/hands/left.yaml", "robot/hand.yaml", "secret/hand.yaml"):
        (tmp_path / file).write_text("patches: {tip: {}}\n")
    monkeypatch.setattr(allowed_paths, "share_directory", lambda: tmp_path / "share")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def ways_out(place):
    """Names of what lies outside of every allowed folder."""
    (place / "robot/link").symlink_to(place / "secret")
    (place / "robot/loop").symlink_to(place / "robot/loop")
    return [
        str(place / "secret"),
        str(place / "secret/"),
        str(place / "robot/../secret"),
        str(place / "robot/link"),
        str(place / "robot/loop/x"),
        str(place / "robotic"),
        str(place / "no/such/folder"),
        "../secret",
        "../../../../../../../../etc",
        "shipped/../../../../secret",
        "/etc",
        "/proc/self/cwd",
        "/",
        "..",
        "a\0b",
        "/" + "x" * 5000,
    ]


def test_nothing_outside_is_opened_and_the_answer_does_not_tell_whether_it_is_there(place):
    paths = AllowedPaths({"model_path": str(place / "robot/ours")})
    told = set()
    for value in ways_out(place):
        with pytest.raises(SettingsError, match=r"may not open.*below.*robot.*path_root") as caught:
            paths.check("model_path", value)
        told.add(str(caught.value).partition(", which")[2])
        assert len(str(caught.value)) < 1000
    assert len(told) == 1


def test_shipped_names_and_neighbours_of_the_start_are_allowed(place):
    paths = AllowedPaths({"model_path": str(place / "robot/ours"), "hand": ""})
    for value in ("shipped", str(place / "robot/next"), "../robot/next", "not_there", "x" * 5000):
        paths.check("model_path", value)
    paths.check("hand", "left")
    paths.check("hand", str(place / "robot/hand.yaml"))
    with pytest.raises(SettingsError, match="'hand'"):
        paths.check("hand", str(place / "secret/hand.yaml"))


def test_what_the_node_was_started_with_is_allowed_wherever_its_link_leads(place):
    current = place / "robot/current"
    current.symlink_to(place / "secret")
    paths = AllowedPaths({"model_path": str(current)})
    paths.check("model_path", str(current))
    with pytest.raises(SettingsError):
        paths.check("model_path", str(place / "secret"))


def test_a_node_that_started_with_a_shipped_model_opens_shipped_ones_alone(place):
    paths = AllowedPaths({"model_path": "shipped"})
    paths.check("model_path", "shipped")
    with pytest.raises(SettingsError, match="no folder"):
        paths.check("model_path", str(place / "robot/next"))


def test_a_folder_of_the_working_directory_does_not_stand_for_a_shipped_model(place):
    (place / "work/shipped").symlink_to(place / "secret")
    paths = AllowedPaths({"model_path": str(place / "robot/ours")})
    with pytest.raises(SettingsError):
        paths.check("model_path", "shipped")


def test_the_root_replaces_the_neighbours_and_may_be_a_link(place):
    (place / "root").symlink_to(place / "robot")
    paths = AllowedPaths({"model_path": str(place / "secret")}, str(place / "root"))
    for value in (str(place / "root/next"), str(place / "robot/next"), str(place / "secret")):
        paths.check("model_path", value)
    (place / "secret/inner").mkdir()
    with pytest.raises(SettingsError):
        paths.check("model_path", str(place / "secret/inner"))


def test_a_link_that_is_turned_later_is_noticed_at_the_next_look(place):
    paths = AllowedPaths({"model_path": str(place / "robot/ours")})
    link = place / "robot/chosen"
    link.symlink_to(place / "robot/next")
    paths.check("model_path", str(link))
    link.unlink()
    link.symlink_to(place / "secret")
    with pytest.raises(SettingsError):
        paths.check("model_path", str(link))


def test_every_parameter_that_names_a_file_and_can_change_is_looked_at():
    named = {name for name in ("model_path", "hand") if name in HandSettings().__dict__}
    assert AllowedPaths.of(HandSettings()).given.keys() == named == allowed_paths.SHIPPED.keys()
    assert AllowedPaths.of(Settings()).given.keys() == {"model_path"}
