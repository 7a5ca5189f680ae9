"""`python -m risk_svc worker|web`: the worker consumes, forecasts and scores; web answers queries."""

from __future__ import annotations

import sys

from candor import runtime
from risk_svc import wiring
from risk_svc.settings import RiskSettings, WorkerSettings


def main(arguments: list[str]) -> None:
    """Run one role until told to stop; exit status 2 for a wrong call or wrong settings."""
    match arguments:
        case ["worker"]:
            runtime.main(WorkerSettings, wiring.worker)
        case ["web"]:
            runtime.main(RiskSettings, wiring.web)
        case _:
            print("usage: python -m risk_svc worker|web", file=sys.stderr)
            raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
