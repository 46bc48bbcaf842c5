"""The state of the node as diagnostic_msgs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from tactile_equiv.settings import Settings
from tactile_equiv.stream_statistics import StreamSummary


def diagnostic_array(
    stamp: Time,
    name: str,
    level: bytes,
    message: str,
    values: Mapping[str, object],
    hardware_id: str,
) -> DiagnosticArray:
    """One status in an array, as /diagnostics expects it."""
    return array_of(stamp, [diagnostic_status(name, level, message, values, hardware_id)])


def array_of(stamp: Time, statuses: Sequence[DiagnosticStatus]) -> DiagnosticArray:
    """Several statuses in an array."""
    array = DiagnosticArray(status=statuses)
    array.header.stamp = stamp
    return array


def diagnostic_status(
    name: str, level: bytes, message: str, values: Mapping[str, object], hardware_id: str
) -> DiagnosticStatus:
    """A status; the values are written as text."""
    status = DiagnosticStatus(level=level, name=name, message=message, hardware_id=hardware_id)
    status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return status


def judge(
    state: str,
    enabled: bool,
    failure: str,
    trouble: str,
    summary: StreamSummary,
    settings: Settings,
) -> tuple[bytes, str]:
    """Level and message of the node.

    ERROR: it cannot perceive. WARN: it perceives badly, or not now. STALE: nothing comes in.

    Args:
        state: lifecycle state.
        enabled: not paused by ~/enable.
        failure: why the last transition failed, or empty.
        trouble: what is wrong although the node is active, or empty.
        summary: the stream since the last call.
        settings: gives `input_timeout_s`.
    """
    if state != "active":
        inactive = DiagnosticStatus.WARN, f"not active, {state}"
        return (DiagnosticStatus.ERROR, failure) if failure else inactive
    if not enabled:
        return DiagnosticStatus.WARN, "disabled by ~/enable"
    silence = ""
    if not summary.silence <= settings.input_timeout_s:
        since = "yet" if math.isnan(summary.silence) else f"for {summary.silence:.1f} s"
        silence = f"no frame {since}"
    if trouble:
        return DiagnosticStatus.WARN, "; ".join(filter(None, [trouble, silence]))
    if summary.refused_since:
        why = f", the last: {summary.refusal}" if summary.refusal else ""
        return DiagnosticStatus.WARN, f"{summary.refused_since} frames refused{why}"
    if silence:
        return DiagnosticStatus.STALE, silence
    return DiagnosticStatus.OK, "perceiving"


def stream_values(summary: StreamSummary) -> dict[str, object]:
    """The figures of a stream by key."""
    refused = {f"refused.{reason}": count for reason, count in sorted(summary.refused.items())}
    return {
        "rate_hz": f"{summary.rate:.2f}",
        "age_ms": _milliseconds(summary.age),
        "latency_p50_ms": _milliseconds(summary.latency_p50),
        "latency_p99_ms": _milliseconds(summary.latency_p99),
        "perceived": summary.perceived,
        "dropped": summary.dropped,
        "refused": sum(summary.refused.values()),
        **refused,
    }


def _milliseconds(seconds: float) -> str:
    return "none" if math.isnan(seconds) else f"{1000 * seconds:.3f}"
