"""Every error that this package raises on purpose."""


class TactileError(ValueError):
    """Base class: the message says what came, what would have been right, and what to do."""


class FrameError(TactileError):
    """A frame or message that cannot be perceived; diagnostics count it by its short `reason`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ModelError(TactileError):
    """A model directory that is missing, incomplete, corrupt or of another version."""


class DataError(TactileError):
    """A data or recording file that is missing, unreadable or of the wrong shape."""


class TrainingError(TactileError):
    """Processes that cannot train together, or a device that is not there."""


class SettingsError(TactileError):
    """A parameter with an unknown name, a wrong type or a value out of range."""


class AuditError(TactileError):
    """A network that cannot be loaded safely, cannot be traced, or gives no measurable answer."""
