"""What a node that perceives has to say of its sensors, whether one or a hand full of them."""

from __future__ import annotations

from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import LifecycleNode

from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.settings import Settings
from tactile_equiv.tare_service import ONE_SENSOR


class Sensing(LifecycleNode):
    """The questions that `ModelNode` asks; a node answers each of them."""

    settings: Settings

    def _sensors(self) -> Sequence[str]:
        """Names of the sensors, for the tare."""
        return ONE_SENSOR

    def _settings_of(self, sensor: str) -> Settings:
        """The parameters of one of them."""
        return self.settings

    def _stream_of(self, sensor: str) -> SensorStream:
        """The frames of one of them."""
        raise NotImplementedError

    def _prepare(self) -> None:
        """Check what can be checked before the model is loaded.

        Raises:
            SettingsError: if the parameters do not describe an input.
        """
        raise NotImplementedError

    def _create_outputs(self) -> None:
        """Create the publishers of the results."""
        raise NotImplementedError

    def _destroy_outputs(self) -> None:
        """Remove them; nothing where there are none."""
        raise NotImplementedError

    def _create_inputs(self) -> str:
        """Start to listen; what is heard, in words."""
        raise NotImplementedError

    def _destroy_inputs(self) -> None:
        """Stop to listen; nothing where none does."""
        raise NotImplementedError

    @property
    def _listening(self) -> bool:
        raise NotImplementedError

    def _resume(self) -> None:
        """After a pause: frames from before it, and those that it swallowed, do not count."""
        raise NotImplementedError

    def _forget_contacts(self) -> None:
        """After a tare, another model or a pause: contacts and drift are new from now on."""
        raise NotImplementedError

    def _forget_times(self) -> None:
        """After a gap or a jump of the clock: track and measure from the next frame on."""
        raise NotImplementedError

    def _publish_labels(self) -> None:
        """Publish the model's classes, for whoever listens now or later."""
        raise NotImplementedError

    def _statuses(self) -> Sequence[DiagnosticStatus]:
        """What is to be said on /diagnostics, counted since the last time."""
        raise NotImplementedError
