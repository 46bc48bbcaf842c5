"""Files are written whole or not at all."""

import pytest

from tactile_equiv.errors import DataError
from tactile_equiv.text_files import write_text


def test_a_file_is_replaced(tmp_path):
    file = tmp_path / "figures.json"
    for text in ("a long first text", "short"):
        write_text(file, text)
        assert file.read_text() == text
    assert list(tmp_path.iterdir()) == [file]


def test_what_has_no_code_becomes_a_question_mark(tmp_path):
    write_text(tmp_path / "file", "a\udcffb")
    assert (tmp_path / "file").read_bytes() == b"a?b"


def test_a_full_disk_leaves_the_file_of_before(files_up_to, tmp_path):
    file = tmp_path / "figures.json"
    write_text(file, "before")
    with files_up_to(1000), pytest.raises(DataError, match="cannot be written"):
        write_text(file, "x" * 5000)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_leaves_no_new_file(files_up_to, tmp_path):
    with files_up_to(1000), pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / "figures.json", "x" * 5000)
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_a_device_is_written_directly(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(DataError, match="No space left"):
        write_text(tmp_path / "full", "text")
    assert (tmp_path / "full").is_symlink()


@pytest.mark.parametrize("name", ["no_folder/file", "taken/file", "."])
def test_a_place_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        write_text(tmp_path / name, "text")
