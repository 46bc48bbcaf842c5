"""What every node that perceives does beside perceiving: lifecycle, model, services, parameters."""

from __future__ import annotations

import time
from typing import Any

from numpy.typing import NDArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.executors import Executor
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger

from tactile_equiv import parameters
from tactile_equiv.allowed_paths import AllowedPaths
from tactile_equiv.errors import SettingsError, TactileError
from tactile_equiv.model import Model, for_frames, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.node_diagnostics import NodeDiagnostics, NodeState
from tactile_equiv.node_process import executor_of, spin, spinning
from tactile_equiv.percept import Percept, perceive
from tactile_equiv.realtime import use_fifo
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import simulated_now
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.sensing import Sensing
from tactile_equiv.settings import Settings
from tactile_equiv.stamps import ClockWatch
from tactile_equiv.tare_service import TareService

NODE_NAME = "tactile_perception"


class ModelNode(Sensing):
    """Lifecycle node `tactile_perception` with a model; a subclass says what it senses.

    Args:
        settings: its parameters.
        node_arguments: passed on to rclpy.
    """

    def __init__(self, settings: type[Settings] = Settings, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._ros = str(prepare_ros_environment())
        self.settings = parameters.declare(self, settings)
        self._paths = AllowedPaths.of(self.settings)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self._model: Model | None = None
        self._enabled = True
        self._failure = ""
        self._told: list[str] = []
        self._clock_watch = ClockWatch()
        self._warn = RepeatedWarnings(self.get_logger().warning)
        self._diagnostics = NodeDiagnostics(self, self._statuses)
        self.tare_service = TareService(
            self,
            lambda: self.settings,
            self._obstacle_to_tare,
            self._sensors,
            self._felt,
            lambda: self._dead_zone,
        )
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

    def publish_diagnostics(self) -> None:
        """Publish what happened since the last call."""
        self._diagnostics.publish()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and create the outputs."""
        try:
            self._prepare()
            model = self._loaded_model()
            self._create_outputs()
        except Exception as error:
            self._destroy_outputs()
            return self._give_up("configured", error)
        self._use_model(model)
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen."""
        try:
            heard = self._create_inputs()
        except Exception as error:
            self._destroy_inputs()
            return self._give_up("activated", error)
        self._failure = ""
        result = super().on_activate(state)
        self._forget_times()
        self._publish_labels()
        assert self._model is not None
        self.get_logger().info(
            f"active: {heard} -> model {self._model.card.name!r}, "
            f"{self._model.backend.name} on {self._model.backend.device}"
        )
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop to listen."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget model, tare and outputs."""
        self._destroy_outputs()
        self._model = None
        self.tare_service.tares.clear()
        self._forget_contacts()
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good, from any state."""
        self._stop()
        return self.on_cleanup(state)

    def _stop(self) -> None:
        self.tare_service.end("the node stopped to listen: the old tare stays")
        self._destroy_inputs()

    def _obstacle_to_tare(self) -> str:
        if not (self._listening and self._enabled):
            return "tare needs an active and enabled node: activate or enable it first"
        return ""

    def _give_up(self, goal: str, error: Exception) -> TransitionCallbackReturn:
        """Say why a transition failed; rclpy would swallow the exception and finalize the node."""
        self._failure = _in_words(error)
        if self.context.ok():
            self.get_logger().error(f"not {goal}: {self._failure}")
        return TransitionCallbackReturn.FAILURE

    def _node_state(self) -> NodeState:
        clock = self._clock_watch.notice(time.monotonic(), simulated_now(self.get_clock()))
        model_notices = () if self._model is None else self._model.notices
        return NodeState(
            lifecycle=self._lifecycle,
            enabled=self._enabled,
            failure=self._failure,
            notices=(*self._told, *([clock] if clock else []), *model_notices),
            model=self._model,
            tared=bool(self.tare_service.tares),
            ros=self._ros,
            executor=type(self.executor).__name__,
        )

    def _label_header(self) -> Header:
        stamp = self.get_clock().now().to_msg()
        return Header(stamp=stamp, frame_id=self.settings.frame_id)

    def _loaded_model(self) -> Model:
        settings = self.settings
        self._paths.check("model_path", settings.model_path)
        model = load_model(find_model(settings.model_path), settings.backend, settings.device)
        return for_frames(model)

    def _felt(self, frame: NDArray[Any], sensor: str) -> Percept:
        """What a sensor feels in a frame.

        Raises:
            FrameError: if it cannot be perceived.
        """
        assert self._model is not None
        settings = self._settings_of(sensor)
        return perceive(
            self._model,
            self._stream_of(sensor).masked(frame, settings),
            self.tare_service.tares.get(sensor),
            contact_threshold=settings.touched_from,
            min_contact_area=settings.min_contact_area,
            whole_frame=settings.whole_frame,
            topology=settings.topology,
        )

    @property
    def _dead_zone(self) -> float:
        """Sensor units; 0 without a model."""
        return 0.0 if self._model is None else self._model.card.normalisation.dead_zone

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
        except Exception as error:  # a broken model must not take the skin from the robot
            response.message = f"the running model stays: {_in_words(error)}"
            self.get_logger().error(response.message)
            return response
        self._forget_contacts()
        self._publish_labels()
        response.success = True
        response.message = f"model {self._model.card.name!r} on {self._model.backend.name}"
        return response

    def _start_again(self, response: Trigger.Response) -> Trigger.Response:
        """Without a model: a self-activating node starts, another one waits for its manager."""
        if self._lifecycle == "unconfigured" and self.settings.autostart:
            self.start()
            response.success = self._lifecycle == "active"
            response.message = self._failure or "active"
        else:
            response.message = f"no model is loaded, the node is {self._lifecycle}: configure it"
        return response

    def _serve_enable(
        self, request: SetBool.Request, response: SetBool.Response
    ) -> SetBool.Response:
        """Pause or resume perception."""
        self._enabled = request.data
        self._resume()
        self._forget_contacts()
        response.success = True
        response.message = "enabled" if request.data else "disabled"
        return response

    @property
    def _lifecycle(self) -> str:
        return str(self._state_machine.current_state[1])

    def _check_parameters(self, changed: list[Parameter[Any]]) -> SetParametersResult:
        configured = self._model is not None
        try:
            parameters.changed(self.settings, changed, configured)
            for one in changed:
                self._paths.check(one.name, one.value)
        except TactileError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take_parameters(self, changed: list[Parameter[Any]]) -> None:
        before = self.settings
        self._adopt(parameters.changed(before, changed, configured=False))
        if self.settings.score_threshold != before.score_threshold:
            self._publish_labels()

    def _adopt(self, settings: Settings) -> None:
        """Work with other settings from now on."""
        self.settings = settings


def _in_words(error: Exception) -> str:
    return str(error) if isinstance(error, TactileError) else f"{type(error).__name__}: {error}"


def run_model_node(make: type[ModelNode]) -> int:
    """Run such a node until it is told to stop; for `node_process.node_main`."""
    with spinning(make, _chosen_executor) as (node, executor):
        node.take_priority()
        if node.settings.autostart:
            node.start()
        spin(executor)
    return 0


def _chosen_executor(node: ModelNode) -> Executor:
    return executor_of(node.settings.executor, node.tell)
