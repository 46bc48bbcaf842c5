"""~/enable, ~/reload_model and the lifecycle services."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import LATCHED, figures, image, press, write_model
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, LabelInfo

from tactile_equiv.model_directory import CARD_FILE, WEIGHTS_FILE


def test_disabled_nothing_is_published_and_enabled_it_goes_on(perception):
    graph = perception()
    graph.perceive(image(press(), 1))
    assert graph.enable(False).success
    assert graph.diagnostics().level == DiagnosticStatus.WARN
    assert "disabled" in graph.diagnostics().message
    for number in range(3):
        graph.send(image(press(), 2 + number))
        graph.executor.spin_once(timeout_sec=0.1)
    assert graph.enable(True).success
    graph.perceive(image(press(), 9))
    assert [answer.header.stamp.sec for answer in graph.classes] == [1, 9]
    assert graph.values()["dropped"] == "0"


def test_reload_takes_the_new_model(perception, tmp_path):
    folder = write_model(tmp_path / "model")
    graph = perception(model_path=str(folder))
    labels = graph.output(LabelInfo, "label_info", LATCHED)
    graph.until(lambda: labels)
    before = graph.perceive(image(press(), 1))
    write_model(folder, seed=1, name="other")
    answer = graph.trigger("reload_model")
    assert answer.success and "'other'" in answer.message
    assert graph.values()["model"] == "other"
    assert graph.perceive(image(press(), 2)).results != before.results
    graph.until(lambda: len(labels) == 2)


def test_reload_takes_another_directory(perception, tmp_path):
    graph = perception(path_root=str(tmp_path))
    assert graph.set(model_path=str(write_model(tmp_path / "m", 2, name="second"))) == []
    assert graph.values()["model"] == "pressing"
    assert graph.trigger("reload_model").success
    assert graph.values()["model"] == "second"


@pytest.mark.parametrize("damage", ["weights", "card", "no card", "missing"])
def test_a_broken_model_leaves_the_running_one(perception, tmp_path, damage):
    folder = write_model(tmp_path / "model")
    graph = perception(model_path=str(folder))
    before = graph.perceive(image(press(), 1))
    if damage == "weights":
        content = bytearray((folder / WEIGHTS_FILE).read_bytes())
        content[-1] ^= 1
        (folder / WEIGHTS_FILE).write_bytes(content)
    elif damage == "card":
        (folder / CARD_FILE).write_text("{")
    elif damage == "no card":
        (folder / CARD_FILE).unlink()
    else:
        graph.set(model_path="no_such_model")
    answer = graph.trigger("reload_model")
    assert not answer.success
    assert answer.message.startswith("the running model stays: ")
    assert graph.perceive(image(press(), 2)).results == before.results
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.OK
    assert figures(status)["model"] == "pressing"


def test_a_missing_model_at_start_can_be_put_in_place(perception, tmp_path):
    folder = tmp_path / "model"
    graph = perception(model_path=str(folder), autostart=True)
    status = graph.diagnostics()
    assert graph.state == "unconfigured"
    assert status.level == DiagnosticStatus.ERROR
    assert f"no model '{folder}'" in status.message
    assert figures(status)["model"] == "none"
    refused = graph.trigger("reload_model")
    assert not refused.success and "no model" in refused.message
    write_model(folder)
    assert graph.trigger("reload_model").success
    assert graph.state == "active"
    graph.classes = graph.output(Classification, "classification")
    assert graph.perceive(image(press())).results
    assert graph.diagnostics().level == DiagnosticStatus.OK


def test_a_model_of_another_label_count_is_refused(perception, tmp_path):
    folder = write_model(tmp_path / "model")
    card = (folder / CARD_FILE).read_text().replace('"smooth",', "")
    (folder / CARD_FILE).write_text(card)
    graph = perception(model_path=str(folder), autostart=True)
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.ERROR
    assert "2 classes" in status.message and "3 outputs" in status.message


def test_without_autostart_it_waits_for_its_transitions(perception):
    graph = perception(autostart=False)
    assert graph.state == "unconfigured"
    assert graph.diagnostics().level == DiagnosticStatus.WARN
    assert graph.transition("configure")
    assert graph.state == "inactive"
    assert graph.transition("activate")
    graph.classes = graph.output(Classification, "classification")
    assert graph.perceive(image(press())).results


def test_reload_does_not_start_a_node_that_others_manage(perception):
    graph = perception(autostart=False)
    answer = graph.trigger("reload_model")
    assert not answer.success and "configure" in answer.message
    assert graph.state == "unconfigured"


def test_reload_while_inactive_stays_inactive(perception):
    graph = perception(autostart=False)
    assert graph.transition("configure")
    assert graph.trigger("reload_model").success
    assert graph.state == "inactive"


def test_it_can_be_cycled(perception):
    graph = perception()
    for number in range(3):
        assert graph.perceive(image(press(), 1 + number)).results
        assert graph.transition("deactivate")
        assert graph.state == "inactive"
        assert graph.node.count_subscribers("/image") == 0
        assert graph.transition("cleanup")
        assert graph.state == "unconfigured"
        graph.until(lambda: not graph.node.count_publishers("/tactile_perception/classification"))
        assert graph.transition("configure")
        assert graph.transition("activate")
        graph.until(lambda: graph.publisher().get_subscription_count())
        graph.until(lambda: graph.node.count_publishers("/tactile_perception/classification"))
    assert figures(graph.diagnostics())["perceived"] == "3"


def test_inactive_is_told_without_error(perception):
    graph = perception()
    assert graph.transition("deactivate")
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.WARN
    assert status.message == "not active, inactive"


def test_cleanup_forgets_the_tare(perception):
    graph = perception(tare_frames=1)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    graph.perceive(image(np.zeros((12, 16))))
    graph.until(answer.done)
    for name in ("deactivate", "cleanup", "configure", "activate"):
        assert graph.transition(name)
    assert graph.values()["tare"] == "none"


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ((), "shutdown_active"),
        (("deactivate",), "shutdown_inactive"),
        (("deactivate", "cleanup"), "shutdown_unconfigured"),
    ],
)
def test_shutdown_is_final_and_the_services_still_answer(perception, before, name):
    graph = perception()
    for step in before:
        assert graph.transition(step)
    assert graph.transition(name)
    assert graph.state == "finalized"
    assert graph.diagnostics().level != DiagnosticStatus.OK
    assert graph.node.count_subscribers("/image") == 0
    assert not graph.trigger("tare").success
    assert not graph.trigger("reload_model").success
    assert not graph.transition("configure")
    assert graph.state == "finalized"


def test_a_transition_that_does_not_apply_is_refused(perception):
    graph = perception()
    assert not graph.transition("configure")
    assert not graph.transition("cleanup")
    assert graph.state == "active"
    assert graph.perceive(image(press())).results


def test_other_nodes_are_not_disturbed(perception):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    graph.perceive(image(press()))
    graph.until(lambda: maps)
    assert graph.warnings("") == []
