"""Every frame is answered, counted or found missing, in whichever order all is heard."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from tactile_equiv_sim.frame_accounts import REMEMBERED, FrameAccounts, Totals

ANSWERED, DROPPED, REFUSED, LOST = "answered", "dropped", "refused", "lost"
PERIOD = 5_000_000  # ns
FIRST = 40  # number of the first frame that the observer hears


@dataclass
class Node:
    """Deals with frame after frame; the observer hears of it through `events`."""

    fates: list
    every: int = 10
    dropped: int = 7
    refused: int = 3
    answers: int = 5

    def events(self):
        """(time of sending, kind, arguments) in the order of sending."""
        made, time = [], 0
        for index, fate in enumerate(self.fates):
            time += PERIOD
            made.append((time, "frame", (FIRST + index, time)))
            self.dropped += fate == DROPPED
            self.refused += fate == REFUSED
            if fate == ANSWERED:
                self.answers += 1
                sent = time + PERIOD // 2
                made.append((sent, "answer", (self.answers, time, sent)))
            if index % self.every == self.every - 1 and fate == ANSWERED:
                sent = time + PERIOD // 2 + 1
                made.append((sent, "stated", (sent, self.dropped, self.refused)))
        return made


def heard(events):
    accounts = FrameAccounts()
    for _, kind, arguments in events:
        getattr(accounts, kind)(*arguments)
    return accounts


def fates_of(count, **special):
    """All answered but those at given indices."""
    fates = [ANSWERED] * count
    for fate, places in special.items():
        for place in places:
            fates[place] = fate
    return fates


def test_a_clean_stream_is_in_balance():
    totals = heard(Node(fates_of(101)).events()).totals
    assert totals == Totals(published=90, answered=90, dropped=0, refused=0)
    assert totals.uncounted == 0


def test_counted_frames_are_accounted_for():
    totals = heard(Node(fates_of(101, dropped=[15, 16, 40], refused=[55])).events()).totals
    assert (totals.dropped, totals.refused, totals.uncounted) == (3, 1, 0)


def test_silently_lost_frames_are_found():
    assert heard(Node(fates_of(101, lost=[33, 66])).events()).totals.uncounted == 2


def test_frames_that_are_counted_twice_are_found():
    node = Node(fates_of(101, dropped=[33]))
    events = [
        (sent, kind, (args[0], args[1] * 2, args[2]) if kind == "stated" else args)
        for sent, kind, args in node.events()
    ]
    assert heard(events).totals.uncounted < 0


def test_an_answer_that_comes_twice_answers_no_other_frame():
    events = Node(fates_of(101, lost=[34])).events()
    answers = [event for event in events if event[1] == "answer"]
    again = next(event for event in answers if event[2][1] == 34 * PERIOD)
    shifted = [
        (sent, kind, (args[0] + (args[1] > 34 * PERIOD), *args[1:]) if kind == "answer" else args)
        for sent, kind, args in events
    ]
    place = shifted.index(again) + 1
    _, _, (number, stamp, sent) = again
    shifted.insert(place, (sent + 1, "answer", (number + 1, stamp, sent + 1)))
    accounts = heard(shifted)
    assert accounts.repeated == 1
    assert accounts.totals.uncounted == 1


def test_answers_to_frames_that_never_were_are_named():
    events = [
        (sent, kind, (args[0], args[1] + 1, *args[2:]) if kind == "answer" else args)
        for sent, kind, args in Node(fates_of(50)).events()
    ]
    accounts = heard(events)
    assert accounts.unmatched >= 49
    assert accounts.totals.answered == 0


def test_a_node_that_fell_silent_leaves_frames_out_of_balance():
    accounts = heard(Node(fates_of(100) + [LOST] * 300).events())
    assert accounts.unbalanced >= 300


def test_what_the_observer_itself_does_not_hear_is_no_loss():
    events = Node(fates_of(201)).events()
    missed = [
        event
        for place, event in enumerate(events)
        if not (event[1] in ("frame", "answer") and place % 7 == 0)
    ]
    assert heard(missed).totals.uncounted == 0


@given(
    fates=st.lists(st.sampled_from([ANSWERED, ANSWERED, DROPPED, REFUSED, LOST]), max_size=120),
    delays=st.tuples(*[st.integers(0, 8)] * 3),
    data=st.data(),
)
def test_each_lost_frame_is_found_however_late_it_is_heard(fates, delays, data):
    """Topics overtake each other; each topic keeps its order."""
    fates = [ANSWERED] * 20 + fates + [ANSWERED] * 20
    late = dict(zip(("frame", "answer", "stated"), delays, strict=True))
    events = Node(fates).events()
    order = sorted(events, key=lambda event: event[0] + late[event[1]] * PERIOD)
    accounts = heard(order)
    lost = sum(fate == LOST for fate in fates)
    assert accounts.totals.uncounted == lost
    assert accounts.unmatched == accounts.repeated == 0


def test_memory_is_bounded_where_nothing_is_answered():
    accounts = FrameAccounts()
    for number in range(3 * REMEMBERED):
        accounts.frame(number + 1, number * PERIOD)
    assert len(accounts._frames) == REMEMBERED
