"""The perception node: tactile frames in, texture class and contact map out; wires `perceive`."""

from __future__ import annotations

import copy
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.task import Future
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo

from tactile_equiv import diagnostics, messages, parameters
from tactile_equiv.decoding import full_type
from tactile_equiv.errors import FrameError, TactileError
from tactile_equiv.frame import FloatArray
from tactile_equiv.model import Model, find_model, load_model
from tactile_equiv.percept import Percept, perceive
from tactile_equiv.picture import overlay
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.stream_statistics import DropCounter, StreamStatistics
from tactile_equiv.tare import TareCollector
from tactile_equiv.tracking import ContactTracker

NODE_NAME = "tactile_perception"
WARNING_PERIOD = 5.0  # seconds between two warnings with the same reason
DIAGNOSTICS_PERIOD = 1.0  # seconds

INPUT_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
OUTPUT_QOS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LATCHED_QOS = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


@dataclass
class _Tare:
    """A tare in progress: frames so far, and who waits for the answer."""

    collector: TareCollector
    answer: Future[str]


class PerceptionNode(LifecycleNode):
    """Lifecycle node `tactile_perception`; the README lists topics, services and parameters."""

    def __init__(self, **node_arguments: Any) -> None:
        super().__init__(NODE_NAME, **node_arguments)
        self._ros = str(prepare_ros_environment())
        self.settings = parameters.declare(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self._model: Model | None = None
        self._tare: FloatArray | None = None
        self._tare_in_progress: _Tare | None = None
        self._enabled = True
        self._failure = ""
        self._warned: dict[str, float] = {}
        self._statistics = StreamStatistics(time.monotonic())
        self._drops = DropCounter()
        self._tracker = ContactTracker()
        self._last_stamp = 0
        self._input: Any = None
        self._topic = ""
        self._outputs: dict[str, Any] = {}
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", OUTPUT_QOS)
        self.create_timer(DIAGNOSTICS_PERIOD, self.publish_diagnostics)
        self.create_service(
            Trigger, "~/tare", self._serve_tare, callback_group=ReentrantCallbackGroup()
        )
        self.create_service(SetBool, "~/enable", self._serve_enable)
        self.create_service(Trigger, "~/reload_model", self._serve_reload)
        self.get_logger().info(self._ros)

    def start(self) -> None:
        """Configure and activate; where that fails the node lives on and diagnostics say why."""
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()
        self.publish_diagnostics()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and create the outputs."""
        try:
            full_type(self.settings.input_type)
            self._use_model(self._loaded_model())
            self._create_outputs()
        except Exception as error:
            self._destroy_outputs()
            self._model = None
            return self._give_up("configured", error)
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start to listen."""
        try:
            self._create_input()
        except Exception as error:
            return self._give_up("activated", error)
        self._failure = ""
        result = super().on_activate(state)
        self._reset_time()
        self._publish_labels()
        assert self._model is not None
        self.get_logger().info(
            f"active: {self._topic} -> model {self._model.card.name!r}, "
            f"{self._model.backend.name} on {self._model.backend.device}"
        )
        return result

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop to listen."""
        self._destroy_input()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Forget model, tare and outputs."""
        self._destroy_outputs()
        self._model = self._tare = None
        self._failure = ""
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop for good, from any state."""
        self._destroy_input()
        return self.on_cleanup(state)

    def _give_up(self, goal: str, error: Exception) -> TransitionCallbackReturn:
        """Say why a transition failed; rclpy would swallow the exception and finalize the node."""
        known = isinstance(error, TactileError)
        self._failure = str(error) if known else f"{type(error).__name__}: {error}"
        if self.context.ok():
            self.get_logger().error(f"not {goal}: {self._failure}")
        return TransitionCallbackReturn.FAILURE

    def publish_diagnostics(self) -> None:
        """Publish what happened since the last call."""
        summary = self._statistics.summary(time.monotonic())
        state = self._state
        trouble = "; ".join([*self._notices(), *self._unheard_publishers()])
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
                    "input": self._topic or "none",
                    **diagnostics.stream_values(summary),
                    **self._model_values(),
                    "tare": "none" if self._tare is None else "taken",
                    "ros": self._ros,
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
            "notices": "; ".join(self._notices()) or "none",
        }

    def _notices(self) -> tuple[str, ...]:
        return () if self._model is None else self._model.notices

    def _on_message(self, message: Any, info: Any) -> None:
        """One frame: decode, perceive, publish; whatever is wrong with it, the node lives on."""
        begun = time.perf_counter()
        if not self._enabled or self._model is None:
            return
        self._statistics.received(time.monotonic())
        self._count_drops(info)
        try:
            frame = self._decode(message, self.settings)
            header, age = self._header(message)
            self._take_tare(frame)
            percept = perceive(
                self._model,
                frame,
                self._tare,
                contact_threshold=self.settings.contact_threshold,
                min_contact_area=self.settings.min_contact_area,
            )
            self._publish(header, percept)
        except FrameError as error:
            self._refuse(error.reason, str(error))
        except Exception as error:  # a defect in our code must not take the skin from the robot
            if not self.context.ok():
                raise
            self._refuse("internal", f"internal error {type(error).__name__}: {error}")
        else:
            self._statistics.perceived(time.perf_counter() - begun, age)

    def _header(self, message: Any) -> tuple[Header, float]:
        """The header for the results, and the frame's age in seconds (NaN without a stamp)."""
        source = messages.header_of(message)
        now = self.get_clock().now()
        header = Header(stamp=now.to_msg(), frame_id=self.settings.frame_id)
        if source is None:
            return header, float("nan")
        if source.frame_id:
            header.frame_id = source.frame_id
        if messages.is_zero(source.stamp):
            self._warn("stamp", "frames have stamp zero: results carry the time of receipt")
            return header, float("nan")
        header.stamp = source.stamp
        stamp = messages.nanoseconds(source.stamp)
        age = (now.nanoseconds - stamp) / 1e9
        if 0 < self.settings.max_age_s < age:
            raise FrameError(
                "age",
                f"frame is {age:.3f} s old, max_age_s is {self.settings.max_age_s}: "
                "speed up the driver or set its clock, or raise max_age_s",
            )
        if stamp < self._last_stamp:
            self._warn(
                "backwards", "stamps went backwards: tracking and latency figures start again"
            )
            self._reset_time()
        self._last_stamp = stamp
        return header, age

    def _publish(self, header: Header, percept: Percept) -> None:
        numbers = self._tracker.update(percept.contacts)
        settings, outputs = self.settings, self._outputs
        outputs["classification"].publish(messages.classification(header, percept, settings))
        if self._wanted("contact_map"):
            outputs["contact_map"].publish(messages.float_image(header, percept.contact_map))
        if self._wanted("contacts"):
            outputs["contacts"].publish(
                messages.contacts(header, percept.contacts, numbers, settings)
            )
        if self._wanted("contact_map_mono8"):
            outputs["contact_map_mono8"].publish(messages.mono_image(header, percept.contact_map))
        if self._wanted("overlay"):
            drawn = overlay(percept, numbers, settings.contact_threshold)
            outputs["overlay"].publish(messages.colour_image(header, drawn))

    def _wanted(self, output: str) -> bool:
        return bool(self._outputs[output].get_subscription_count())

    def _create_input(self) -> None:
        message_class, topic, self._decode = messages.input_of(self.settings.input_type)
        self._input = self.create_subscription(
            message_class,
            topic,
            self._on_message,
            copy.copy(INPUT_QOS),  # overrides are written into the profile
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=self._warn_input_qos),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
        self._topic = self._input.topic_name

    def _destroy_input(self) -> None:
        self._end_tare("the node stopped to listen: the old tare stays")
        if self._input is not None:
            self.destroy_subscription(self._input)
            self._input = None

    def _create_outputs(self) -> None:
        types = {
            "classification": Classification,
            "contact_map": Image,
            "contact_map_mono8": Image,
            "contacts": Detection2DArray,
            "overlay": Image,
            "label_info": LabelInfo,
        }
        for name, message_class in types.items():
            self._outputs[name] = self.create_lifecycle_publisher(
                message_class,
                f"~/{name}",
                copy.copy(LATCHED_QOS if name == "label_info" else OUTPUT_QOS),
                event_callbacks=PublisherEventCallbacks(
                    incompatible_qos=lambda event, name=name: self._warn_output_qos(name, event)
                ),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )

    def _destroy_outputs(self) -> None:
        for publisher in self._outputs.values():
            self.destroy_lifecycle_publisher(publisher)
        self._outputs = {}

    def _publish_labels(self) -> None:
        if self._model is None or "label_info" not in self._outputs:
            return
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self.settings.frame_id)
        labels = messages.label_info(header, self._model.card.classes, self.settings)
        self._outputs["label_info"].publish(labels)

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
        self._drops = DropCounter()
        response.success = True
        response.message = "enabled" if request.data else "disabled"
        return response

    @property
    def _state(self) -> str:
        return str(self._state_machine.current_state[1])

    async def _serve_tare(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Average the next frames as the untouched sensor; answers when they came, or too late."""
        if self._input is None or not self._enabled:
            response.message = "tare needs an active and enabled node: activate or enable it first"
            return response
        if self._tare_in_progress is not None:
            response.message = "a tare is in progress: wait for its answer"
            return response
        frames, seconds = self.settings.tare_frames, self.settings.tare_timeout_s
        answer: Future[str] = Future(executor=self.executor)
        self._tare_in_progress = _Tare(TareCollector(frames), answer)
        late = f"fewer than {frames} good frames in {seconds} s: the old tare stays"
        steady = Clock(clock_type=ClockType.STEADY_TIME)  # a paused simulation gets its answer
        timer = self.create_timer(seconds, lambda: self._end_tare(late), clock=steady)
        reason = await answer
        self.destroy_timer(timer)
        response.success = not reason
        response.message = reason or f"mean of {frames} frames"
        return response

    def _take_tare(self, frame: Any) -> None:
        if self._tare_in_progress is None:
            return
        mean = self._tare_in_progress.collector.add(frame)
        if mean is not None:
            self._tare = mean
            self._tracker.reset()
            self._end_tare("")

    def _end_tare(self, failure: str) -> None:
        if self._tare_in_progress is not None:
            self._tare_in_progress.answer.set_result(failure)
            self._tare_in_progress = None

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

    def _count_drops(self, info: Any) -> None:
        if self.count_publishers(self._topic) == 1:
            number = info.get("publication_sequence_number")
            self._statistics.dropped(self._drops.missing(number))

    def _refuse(self, reason: str, message: str) -> None:
        self._statistics.refused(reason)
        self._warn(reason, f"frame refused ({reason}): {message}")

    def _warn(self, reason: str, message: str) -> None:
        """At most one warning a reason every `WARNING_PERIOD`."""
        now = time.monotonic()
        if now - self._warned.get(reason, float("-inf")) >= WARNING_PERIOD:
            self._warned[reason] = now
            self.get_logger().warning(message)

    def _warn_input_qos(self, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        found = "; ".join(self._unheard_publishers()) or f"a publisher of {self._topic} offers less"
        self._warn("qos input", f"incompatible QoS ({policy}): {found}")

    def _unheard_publishers(self) -> list[str]:
        """Publishers of the input topic whose frames cannot arrive, and why."""
        if self._input is None:
            return []
        wanted, name = self._input.qos_profile, self.get_name()
        return [
            f"{other.node_name} offers {_described(other.qos_profile)} on {self._topic}, {name} "
            f"requests {_described(wanted)}: no frame will come from it"
            for other in self.get_publishers_info_by_topic(self._topic)
            if not _compatible(other.qos_profile, wanted)
        ]

    def _warn_output_qos(self, output: str, event: Any) -> None:
        policy = qos_policy_name_from_kind(event.last_policy_kind)
        publisher = self._outputs[output]
        offered, name = publisher.qos_profile, self.get_name()
        deaf = [
            f"{other.node_name} requests {_described(other.qos_profile)}"
            for other in self.get_subscriptions_info_by_topic(publisher.topic_name)
            if not _compatible(offered, other.qos_profile)
        ]
        self._warn(
            f"qos {output}",
            f"incompatible QoS ({policy}) on {publisher.topic_name}: {name} offers "
            f"{_described(offered)}, {', '.join(deaf) or 'a subscriber requests more'}",
        )

    def _reset_time(self) -> None:
        self._last_stamp = 0
        self._tracker.reset()
        self._drops = DropCounter()
        self._statistics.forget_times()


def _compatible(offered: QoSProfile, requested: QoSProfile) -> bool:
    return bool(qos_check_compatible(offered, requested)[0] != QoSCompatibility.ERROR)


def _described(qos: QoSProfile) -> str:
    return f"{qos.reliability.name} {qos.durability.name}"


def main(arguments: list[str] | None = None) -> int:
    """Run the node until it is told to stop; 2 where an argument or a parameter is wrong."""
    prepare_ros_environment()
    try:
        rclpy.init(args=arguments)
    except RuntimeError as error:  # a parameter file that is no YAML, an unknown ROS argument
        return _complain(error)
    try:
        _run()
    except TactileError as error:
        return _complain(error)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:
        if rclpy.ok():  # otherwise a signal closed the context under a call that used it
            raise
    finally:
        rclpy.try_shutdown()
    return 0


def _complain(error: Exception) -> int:
    print(f"perception_node: {' '.join(str(error).split())}", file=sys.stderr)
    return 2


def _run() -> None:
    executor = SingleThreadedExecutor()
    node = PerceptionNode()
    executor.add_node(node)
    try:
        if node.settings.autostart:
            node.start()
        executor.spin()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not break the clean-up
        executor.shutdown()
        node.destroy_node()


if __name__ == "__main__":
    sys.exit(main())
