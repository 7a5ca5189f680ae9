"""The collector's settings; in a process of its own, because they are the process's."""

import subprocess
import sys

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
