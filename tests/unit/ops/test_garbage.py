"""The collector's settings; in a process of its own, because they are the process's."""

import subprocess
import sys

from candor.ops.garbage import SHARE, OldGarbage

PROGRAM = """
import gc
from candor.ops import garbage
ring = []; ring.append(ring)
garbage.settle()
assert gc.get_freeze_count() > 1000, "what is there stays"
assert gc.get_threshold()[0] == garbage.YOUNG
assert gc.isenabled(), "rings made later are still found"
class Ring: pass
made = Ring(); made.self = made; del made
import weakref
later = Ring(); later.self = later; seen = weakref.ref(later); del later
gc.collect()
assert seen() is None
"""


def test_what_is_there_is_left_alone_and_what_comes_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


HELD = """
import gc, weakref
from candor.ops import garbage
class Ring: pass
def ring():
    made = Ring(); made.self = made
    return weakref.ref(made)
gc.set_threshold(10)
with garbage.held():
    with garbage.held():
        inside = ring()
    kept = [[] for _ in range(1000)]
    assert inside() is not None and not gc.isenabled()
assert gc.isenabled()
kept = [[] for _ in range(1000)]
assert inside() is None, "what was due comes right after"
try:
    with garbage.held():
        raise KeyError
except KeyError:
    assert gc.isenabled()
gc.disable()
with garbage.held(): pass
assert not gc.isenabled(), "who switched it off keeps it off"
"""


def test_collections_wait_and_come_right_after() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_full_collections_take_no_more_than_their_share_of_the_time() -> None:
    now, took = 0.0, 0.5
    collected: list[float] = []

    def collect() -> None:
        nonlocal now
        now += took
        collected.append(now)

    old = OldGarbage(lambda: now, collect)
    while now < 1000:
        old.collect()
        now += 1
    assert 0.9 * SHARE < len(collected) * took / now <= SHARE
