"""The garbage collector, set for a server: what is there after the start stays, so it is not looked through again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

YOUNG: Final = 50_000
"""Objects made and not yet freed before the youngest are looked through; Python's own default is 700."""


def settle() -> None:
    """Call once the process has started.

    At the defaults a full look through the libraries' 150,000 objects takes 0.1 s, stops every request meanwhile and
    recurs every few hundred of them: half of the processor's time under load.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)


@contextmanager
def held() -> Iterator[None]:
    """No collection inside; what is due comes right after.

    For work that fills memory with objects that it lets go of at its end: looking through them again and again, while
    all of them are still in use, took a fifth of the time of catching up.
    """
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
