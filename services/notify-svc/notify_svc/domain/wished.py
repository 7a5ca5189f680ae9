"""What a customer wished for and does not get yet, in the approved words that they may read."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple


class Wished(NamedTuple):
    """An open wish, which `key` names as it stands; `workaround` is "" where there is none."""

    key: str
    what: str
    workaround: str
    look_again_on: date
