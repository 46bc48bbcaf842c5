"""`tactile-equiv models`: the shipped models as a table, one card on a page, timed on request."""

import json

import pytest

from tactile_equiv.console import main
from tactile_equiv.model_list import shipped_models
from tactile_equiv.models_command import rate


def test_every_shipped_model_is_a_line(tmp_path, capsys):
    file = tmp_path / "models.json"
    assert main(["models", "--json", str(file)]) == 0
    table, notes = capsys.readouterr().out.split("\n\n")
    names = [directory.name for directory in shipped_models()]
    assert [line.split()[0] for line in table.splitlines()] == ["model", *names]
    assert all(f"{name}: " in notes for name in names)
    models = json.loads(file.read_text())["models"]
    assert [model["name"] for model in models] == names
    for line, model in zip(table.splitlines()[1:], models, strict=True):
        assert f"{model['accuracy']:.3f}" in line and line.endswith(rate(model["rate_hz"]))


def test_a_page_says_all_of_a_card(tmp_path, capsys):
    file = tmp_path / "card.json"
    assert main(["models", "tekscan_objects", "--json", str(file)]) == 0
    page, card = capsys.readouterr().out, json.loads(file.read_text())
    for said in (card["sensor"], card["sha256"]["weights.safetensors"], "rate_hz", "allen_key"):
        assert str(said) in page
    assert "not said" not in page


def test_a_model_is_timed_on_request(tmp_path, capsys):
    file = tmp_path / "card.json"
    assert main(["models", "simulated_hand", "--measure", "--json", str(file)]) == 0
    assert "class here" in capsys.readouterr().out
    assert json.loads(file.read_text())["measured_here"]["frame_ms"] > 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["no_such_model"], "tekscan_objects"), (["--measure"], "name it")],
)
def test_what_does_not_fit_is_one_line_and_a_code(arguments, word, capsys):
    assert main(["models", *arguments]) == 2
    said = capsys.readouterr().err
    assert word in said and said.count("\n") == 1


def test_a_card_of_an_earlier_release_is_shown_and_cannot_be_timed(tmp_path, capsys):
    card = json.loads((shipped_models()[0] / "card.json").read_text())
    del card["latency"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert main(["models", str(tmp_path)]) == 0
    assert "not said: latency" in capsys.readouterr().out
    assert main(["models", str(tmp_path), "--measure"]) == 2
    assert "size of its sensor" in capsys.readouterr().err
