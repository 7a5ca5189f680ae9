"""Every scenario, in the order in which they run."""

from __future__ import annotations

from typing import Final

from bench.scale import board, disk, erasure, gaps, incident, insight, journal, notices, parked, steps, takeover
from bench.scale.scenario import Scenario

MODULES: Final = (steps, incident, takeover, erasure, parked, notices, journal, gaps, board, disk, insight)
SCENARIOS: Final[dict[str, Scenario]] = {one.name: one for module in MODULES for one in module.SCENARIOS}
