"""The perception node: tactile frames in, texture class and contact map out; wires `perceive`."""

from __future__ import annotations

import sys
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.executors import Executor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from tactile_equiv import diagnostics, parameters
from tactile_equiv.errors import FrameError, SettingsError, TactileError
from tactile_equiv.frame_input import FrameInput
from tactile_equiv.input_kind import input_of
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.node_process import executor_of, node_main, spin, spinning
from tactile_equiv.percept import perceive
from tactile_equiv.percept_outputs import PerceptOutputs
from tactile_equiv.quality_of_service import OUTPUT_QOS
from tactile_equiv.realtime import scheduling, use_fifo
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import ResultHeaders
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import StreamStatistics
from tactile_equiv.tare_service import TareService
from tactile_equiv.tracking import ContactTracker

NODE_NAME = "tactile_perception"
DIAGNOSTICS_PERIOD = 1.0  # seconds


class PerceptionNode(LifecycleNode):
    """Lifecycle node `tactile_perception`; the README lists topics, services and parameters."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._ros = str(prepare_ros_environment())
        self.settings = parameters.declare(self, Settings)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self._model: Model | None = None
        self._enabled = True
        self._failure = ""
        self._told: list[str] = []
        self._warn = RepeatedWarnings(self.get_logger().warning)
        self._statistics = StreamStatistics(time.monotonic())
        self._tracker = ContactTracker()
        self._headers = ResultHeaders(self.get_clock(), self._warn)
        self._input: FrameInput | None = None
        self._outputs: PerceptOutputs | None = None
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", OUTPUT_QOS)
        self.create_timer(DIAGNOSTICS_PERIOD, self._on_timer)
        self.tare_service = TareService(self, lambda: self.settings, self._obstacle_to_tare)
        self.create_service(SetBool, "~/enable", self._serve_enable)
        self.create_service(Trigger, "~/reload_model", self._serve_reload)
        self.get_logger().info(self._ros)

    def start(self) -> None:
        """Configure and activate; where that fails the node lives on and diagnostics say why."""
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()
        self.publish_diagnostics()

    def take_priority(self) -> None:
        """Real-time priority for this process where asked for; where refused, the node lives on."""
        if self.settings.realtime_priority:
            try:
                use_fifo(self.settings.realtime_priority)
            except SettingsError as error:
                self.tell(str(error))

    def tell(self, notice: str) -> None:
        """What stays true while the process lives: one warning, and in all diagnostics."""
        self._told.append(notice)
        self.get_logger().warning(notice)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and create the outputs."""
        try:
            input_of(self.settings)
            model = self._loaded_model()
            self._outputs = PerceptOutputs(self, self._warn)
        except Exception as error:
            return self._give_up("configured", error)
        self._use_model(model)
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen."""
        try:
            self._input = FrameInput(self, self.settings, self._on_message, self._warn)
        except Exception as error:
            return self._give_up("activated", error)
        self._failure = ""
        result = super().on_activate(state)
        self._headers.reset()
        self._forget_times()
        self._publish_labels()
        assert self._model is not None
        self.get_logger().info(
            f"active: {self._input.topic} -> model {self._model.card.name!r}, "
            f"{self._model.backend.name} on {self._model.backend.device}"
        )
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop to listen."""
        self._destroy_input()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget model, tare and outputs."""
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = self._model = self.tare_service.tare = None
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good, from any state."""
        self._destroy_input()
        return self.on_cleanup(state)

    def _destroy_input(self) -> None:
        self.tare_service.end("the node stopped to listen: the old tare stays")
        if self._input is not None:
            self._input.destroy()
            self._input = None

    def _obstacle_to_tare(self) -> str:
        if self._input is None or not self._enabled:
            return "tare needs an active and enabled node: activate or enable it first"
        return ""

    def _give_up(self, goal: str, error: Exception) -> TransitionCallbackReturn:
        """Say why a transition failed; rclpy would swallow the exception and finalize the node."""
        known = isinstance(error, TactileError)
        self._failure = str(error) if known else f"{type(error).__name__}: {error}"
        if self.context.ok():
            self.get_logger().error(f"not {goal}: {self._failure}")
        return TransitionCallbackReturn.FAILURE

    def _on_timer(self) -> None:
        try:
            self.publish_diagnostics()
        except Exception:
            if self.context.ok():  # otherwise a signal closed it under the call
                raise

    def publish_diagnostics(self) -> None:
        """Publish what happened since the last call."""
        summary = self._statistics.summary(time.monotonic())
        state = self._state
        unheard = [] if self._input is None else self._input.unheard()
        trouble = "; ".join([*self._notices(), *unheard])
        level, message = diagnostics.judge(
            state, self._enabled, self._failure, trouble, summary, self.settings
        )
        self._diagnostics.publish(
            diagnostics.diagnostic_array(
                self.get_clock().now().to_msg(),
                f"{self.get_fully_qualified_name()}: perception",
                level,
                message,
                {
                    "state": state,
                    "input": "none" if self._input is None else self._input.topic,
                    **diagnostics.stream_values(summary),
                    **self._model_values(),
                    "tare": "none" if self.tare_service.tare is None else "taken",
                    "notices": "; ".join(self._notices()) or "none",
                    "ros": self._ros,
                    "executor": type(self.executor).__name__,
                    "scheduling": scheduling(),
                },
                hardware_id=self.settings.frame_id,
            )
        )

    def _model_values(self) -> dict[str, object]:
        if self._model is None:
            return {"model": "none"}
        return {
            "model": self._model.card.name,
            "backend": self._model.backend.name,
            "device": self._model.backend.device,
        }

    def _notices(self) -> tuple[str, ...]:
        return (*self._told, *(() if self._model is None else self._model.notices))

    def _on_message(self, serialised: bytes, info: Any) -> None:
        """One frame: decode, perceive, publish; whatever is wrong with it, the node lives on."""
        begun = time.monotonic()
        if not self._enabled or not self._model or not self._input or not self._outputs:
            return
        self._statistics.received(begun)
        self._statistics.dropped(self._input.missing(info))
        try:
            contents = self._input.read(serialised)
            frame, cell = self._input.decode(contents)
            header = self._headers.of(getattr(contents, "header", None), self.settings)
            if self._headers.went_backwards():
                self._forget_times()
            if self.tare_service.take(frame):
                self._tracker.reset()
            percept = perceive(
                self._model,
                frame,
                self.tare_service.tare,
                contact_threshold=self.settings.contact_threshold,
                min_contact_area=self.settings.min_contact_area,
                whole_frame=self.settings.whole_frame,
            )
            numbers = self._tracker.update(percept.contacts)
            self._outputs.publish(header, percept.enlarged(cell), numbers, self.settings)
        except FrameError as error:
            self._refuse(error.reason, str(error))
        except Exception as error:  # a defect in our code must not take the skin from the robot
            if not self.context.ok():  # the process ends: nothing can be published any more
                return
            self._refuse("internal", f"internal error {type(error).__name__}: {error}")
        else:
            self._statistics.perceived(time.monotonic() - begun, self._headers.age())

    def _publish_labels(self) -> None:
        if self._model is None or self._outputs is None:
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self.settings.frame_id)
        self._outputs.publish_labels(header, self._model.card.classes, self.settings)

    def _loaded_model(self) -> Model:
        settings = self.settings
        return load_model(find_model(settings.model_path), settings.backend, settings.device)

    def _use_model(self, model: Model) -> None:
        self._model = model
        for notice in model.notices:
            self.get_logger().warning(notice)

    def _serve_reload(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Load the model again; a broken one leaves the running one in place."""
        if self._model is None:
            return self._start_again(response)
        try:
            self._use_model(self._loaded_model())
        except TactileError as error:
            response.message = f"the running model stays: {error}"
            self.get_logger().error(response.message)
            return response
        self._publish_labels()
        response.success = True
        response.message = f"model {self._model.card.name!r} on {self._model.backend.name}"
        return response

    def _start_again(self, response: Trigger.Response) -> Trigger.Response:
        """Without a model: a self-activating node starts, another one waits for its manager."""
        if self._state == "unconfigured" and self.settings.autostart:
            self.start()
            response.success = self._state == "active"
            response.message = self._failure or "active"
        else:
            response.message = f"no model is loaded, the node is {self._state}: configure it"
        return response

    def _serve_enable(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        """Pause or resume perception."""
        self._enabled = request.data
        if self._input is not None:
            self._input.forget()
        response.success = True
        response.message = "enabled" if request.data else "disabled"
        return response

    @property
    def _state(self) -> str:
        return str(self._state_machine.current_state[1])

    def _check_parameters(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        configured = self._model is not None
        try:
            parameters.changed(self.settings, changed, configured)
        except TactileError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take_parameters(self, changed: list[Parameter[Any]]) -> None:
        before = self.settings
        self.settings = parameters.changed(before, changed, configured=False)
        if self.settings.score_threshold != before.score_threshold:
            self._publish_labels()

    def _refuse(self, reason: str, message: str) -> None:
        self._statistics.refused(reason)
        self._warn(reason, f"frame refused ({reason}): {message}")

    def _forget_times(self) -> None:
        self._tracker.reset()
        self._statistics.forget_times()
        if self._input is not None:
            self._input.forget()


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 2 where an argument or a parameter is wrong."""
    return node_main("perception_node", _run, arguments)


def _run() -> int:
    with spinning(PerceptionNode, _chosen_executor) as (node, executor):
        node.take_priority()
        if node.settings.autostart:
            node.start()
        spin(executor)
    return 0


def _chosen_executor(node: PerceptionNode) -> Executor:
    return executor_of(node.settings.executor, node.tell)


if __name__ == "__main__":
    sys.exit(main())
