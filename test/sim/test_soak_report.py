"""What a soak samples, keeps and leaves behind."""

import json
import subprocess
import sys

import numpy as np
import pytest
from soak_runs import CI, RATE, record_of
from tactile_equiv_sim import soak
from tactile_equiv_sim.frame_accounts import Totals
from tactile_equiv_sim.process_samples import MB, ProcessSample, machine_times, sample
from tactile_equiv_sim.soak_record import PROCESSES, SoakPlan, SoakRecord
from tactile_equiv_sim.soak_report import report_json, write_report
from tactile_equiv_sim.soak_table import table
from tactile_equiv_sim.soak_verdict import judge

from tactile_equiv.errors import DataError, TactileError
from tactile_equiv.json_values import json_value


def test_a_record_has_one_size_and_takes_any_latency():
    record = SoakRecord(SoakPlan(RATE, 10.0, 1.0, 1 / RATE, PROCESSES, "a machine"))
    before = record.latencies.nbytes + record.processes.nbytes
    for time_s, latency in ((-1, 0.001), (0, -1), (5, 0.004), (9.99, 1e9), (10, 0.001)):
        record.add_latency(time_s, latency)
    for _ in range(2 * len(record.times)):
        one = ProcessSample(1, 1, 1, 1, 1, 1)
        record.add_sample(0.0, [one] * 3, (0.0, 0.0), Totals(0, 0, 0, 0))
    assert (record.latencies.sum(), record.missed.sum()) == (3, 1)
    assert record.latencies.nbytes + record.processes.nbytes == before


def test_a_saved_record_is_judged_alike(tmp_path, capsys):
    record, report = record_of(CI, leak=50.0), tmp_path / "report"
    with (tmp_path / "soak.npz").open("wb") as output:
        record.save(output)
    given = ["--judge", str(tmp_path / "soak.npz"), "--output", str(report)]
    assert soak.run(soak.parser().parse_args(given), []) == 1
    assert table(record, judge(record)) in capsys.readouterr().out
    expected = json_value(report_json(record, judge(record)))
    assert json.loads((report / "soak.json").read_text("utf-8")) == expected
    assert (report / "soak.npz").read_bytes() == (tmp_path / "soak.npz").read_bytes()
    assert (report / "soak.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\x93NUMPY", b"text"])
def test_what_is_no_record_is_refused(tmp_path, content):
    (tmp_path / "soak.npz").write_bytes(content)
    with pytest.raises(DataError, match="no record of a soak"):
        SoakRecord.load(tmp_path / "soak.npz")


@pytest.mark.parametrize("change", [{"times": np.zeros(3)}, {"about": "{}"}, {"missed": None}])
def test_a_record_whose_parts_do_not_fit_is_refused(tmp_path, change):
    file = tmp_path / "soak.npz"
    with file.open("wb") as output:
        record_of(CI).save(output)
    parts = dict(np.load(file)) | change
    np.savez(file, **{name: part for name, part in parts.items() if part is not None})
    with pytest.raises(DataError, match="no record of a soak"):
        SoakRecord.load(file)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    record = record_of(CI)
    with pytest.raises(TactileError, match="cannot be written"):
        write_report(tmp_path / "file" / "folder", record, judge(record))


def test_memory_that_a_process_takes_is_seen():
    code = "import sys; kept = b'x' * int(sys.stdin.readline()); print(); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write("20000000\n")
        process.stdin.flush()
        process.stdout.readline()
        grown = sample(process.pid)
        process.stdin.close()
    assert grown.anonymous_mib * MB > 20
    assert grown.rss_mib >= grown.anonymous_mib + grown.shared_mib
    assert (grown.threads, grown.descriptors >= 3) == (1, True)


def test_a_process_that_ended_is_named():
    with (
        subprocess.Popen([sys.executable, "-c", ""]) as process,
        pytest.raises(TactileError, match=f"process {process.pid} cannot be sampled"),
    ):
        process.wait()
        sample(process.pid)


def test_machine_times_grow():
    first, second = machine_times(), machine_times()
    assert all(after >= before >= 0 for before, after in zip(first, second, strict=True))
