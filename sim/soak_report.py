"""What a soak leaves behind: all it measured, JSON, one picture."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tactile_equiv_sim.soak_record import SoakRecord
from tactile_equiv_sim.soak_table import figures_of_processes, figures_of_tenths
from tactile_equiv_sim.soak_verdict import SoakFinding, totals_of

from tactile_equiv.errors import TactileError
from tactile_equiv.json_values import json_value
from tactile_equiv.text_files import write_whole

NAME = "soak"


def write_report(folder: Path, record: SoakRecord, findings: Sequence[SoakFinding]) -> None:
    """Write soak.npz, soak.json and soak.png; makes the folder.

    Raises:
        TactileError: if the folder cannot be written, or matplotlib is missing (the picture only).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        npz = io.BytesIO()
        record.save(npz)
        write_whole(folder / f"{NAME}.npz", npz.getvalue())
        text = json.dumps(json_value(report_json(record, findings)), indent=1)
        write_whole(folder / f"{NAME}.json", f"{text}\n".encode())
        from tactile_equiv_sim.soak_picture import picture

        write_whole(folder / f"{NAME}.png", picture(record, findings))
    except OSError as error:
        raise TactileError(
            f"the report cannot be written ({error}): name another --output"
        ) from error
    except ImportError as error:
        raise TactileError(f"the picture needs matplotlib ({error}): install it") from error


def report_json(record: SoakRecord, findings: Sequence[SoakFinding]) -> dict[str, Any]:
    """All figures and findings by name."""
    return {
        "plan": asdict(record.plan),
        "frames": {**asdict(totals_of(record)), "uncounted": totals_of(record).uncounted},
        "notes": record.notes,
        "processes": figures_of_processes(record),
        "tenths": figures_of_tenths(record),
        "findings": [finding.to_json() for finding in findings],
    }
