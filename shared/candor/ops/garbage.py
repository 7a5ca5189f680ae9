"""Garbage collector settings for a server: objects that exist after the start are never scanned again."""

from __future__ import annotations

import ctypes
import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

YOUNG: Final = 50_000
"""Allocations minus deallocations that start a youngest-generation collection; Python's default is 700."""


def settle() -> None:
    """Freeze the objects that exist now; call once the process has started.

    At the defaults a full scan of the libraries' 150,000 objects takes 0.1 s, blocks every request meanwhile and recurs
    every few hundred requests: half of the CPU time under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)


@contextmanager
def held() -> Iterator[None]:
    """Disable collection inside the block; a collection that is due follows right after.

    For work that allocates much memory and frees it at its end: scanning those objects again and again while all of
    them are still in use took a fifth of the time of catching up.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


SHARE: Final = 0.1
"""Of all time, what full collections may take."""


class OldGarbage:
    """Full collections, which hardly ever come by themselves after `settle`, at a bounded share of the time."""

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, collect: Callable[[], object] | None = None
    ) -> None:
        self._clock = clock
        self._collect = collect or give_back
        self._next = -math.inf

    def collect(self) -> bool:
        """Collect unless the last time was too long or too short ago; return whether it was done."""
        began = self._clock()
        if began < self._next:
            return False
        self._collect()
        ended = self._clock()
        self._next = ended + (ended - began) / SHARE
        return True


def give_back() -> None:
    """Collect all there is, and give what is free then back to the system, where the C library can."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
