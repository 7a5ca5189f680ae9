"""`python -m risk_svc worker|learner|insight|web`: one scores, one learns, one reckons, one serves."""

from __future__ import annotations

import os
import sys
from typing import Final

from candor import runtime
from risk_svc import wiring
from risk_svc.settings import InsightSettings, LearnerSettings, RiskSettings, WorkerSettings

LOW_PRIORITY: Final = 5


def main(arguments: list[str]) -> None:
    """Run one role until it is stopped; exit status 2 for wrong arguments or settings."""
    match arguments:
        case ["worker"]:
            runtime.main(WorkerSettings, wiring.worker)
        case ["learner"]:
            # Learning must never slow down the roles that serve or warn.
            os.nice(LOW_PRIORITY)
            runtime.main(LearnerSettings, wiring.learner)
        case ["insight"]:
            # Nor must figures about the past.
            os.nice(LOW_PRIORITY)
            runtime.main(InsightSettings, wiring.insight)
        case ["web"]:
            runtime.main(RiskSettings, wiring.web)
        case _:
            print("usage: python -m risk_svc worker|learner|insight|web", file=sys.stderr)
            raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
