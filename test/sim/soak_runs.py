"""Records of soaks as they could have been."""

import numpy as np
from tactile_equiv_sim.frame_accounts import Totals
from tactile_equiv_sim.process_samples import MB, ProcessSample
from tactile_equiv_sim.soak_record import BLOCKS, EDGES, PROCESSES, SoakPlan, SoakRecord

HOUR, CI = 60.0, 2.0  # minutes
RATE = 200.0


def record_of(
    minutes=HOUR,
    leak=0.0,
    filling=0.0,
    jagged=0.0,
    descriptors_an_hour=0.0,
    slower_by=1.0,
    busy=0.0,
    lost=0,
    answered=True,
    seed=0,
    **notes,
):
    """A run of which every 200th frame is dropped and counted.

    Args:
        leak: of the perception node, MB an hour.
        filling: MB that it fills in the first seconds, more and more slowly.
        jagged: MB of a garbage collector's saw teeth.
        descriptors_an_hour: that it leaves open.
        slower_by: latency at the end over that at the start.
        busy: how much the latency varies from block to block, as the machine does.
        lost: frames that nobody counts, in the middle of the run.
        answered: some are.
    """
    plan = SoakPlan(RATE, 60 * minutes, 20.0, 1 / RATE, PROCESSES, "a machine")
    record, random = SoakRecord(plan), np.random.default_rng(seed)
    for time_s in np.arange(-plan.warm_up_s, plan.seconds, plan.period_s):
        since = time_s + plan.warm_up_s
        memory = 150 + leak * since / 3600 + filling * (1 - np.exp(-since / 30))
        memory += jagged * (random.random() < 0.3)
        still = ProcessSample(130, 60, 17, 0.3 * since, 18, 19)
        files = 22 + int(descriptors_an_hour * since / 3600)
        subject = ProcessSample(memory / MB, 60, 17, 0.4 * since, 21, files)
        frames, dropped = int(RATE * since), int(RATE * since / 200)
        missing = lost if time_s > plan.seconds / 2 else 0
        totals = Totals(frames, (frames - dropped - missing) * answered, dropped, 0)
        record.add_sample(time_s, [still, subject, still], (2 * since, 0.0), totals)
    record.latencies = _latencies(random, int(60 * minutes), slower_by, busy)
    record.complete({"unbalanced": 0, "repeated": 0, "unmatched": 0, "late": 0} | notes)
    return record


def _latencies(random, count, slower_by, busy):
    """(BLOCKS, B) histograms of so many answers a block."""
    middle = 0.002 * slower_by ** np.linspace(0, 1, BLOCKS)
    middle *= np.exp(random.normal(0, busy, BLOCKS))
    drawn = middle[:, None] * np.exp(random.normal(0, 0.3, (BLOCKS, count)))
    return np.stack([np.histogram(one, EDGES)[0] for one in drawn])
