"""`python -m risk_svc worker|web`: the worker consumes, forecasts and scores; web answers queries."""

from __future__ import annotations

import sys

from candor.ops.settings import load
from candor.runtime import serve
from risk_svc import wiring
from risk_svc.settings import RiskSettings, WorkerSettings

ROLES = ("worker", "web")


def main(arguments: list[str]) -> None:
    """Run one role until told to stop; exit status 2 for a wrong call or wrong settings."""
    if len(arguments) != 1 or arguments[0] not in ROLES:
        print(f"usage: python -m risk_svc {'|'.join(ROLES)}", file=sys.stderr)
        raise SystemExit(2)
    try:
        if arguments[0] == "worker":
            worker = load(WorkerSettings)
            serve(worker, wiring.worker(worker))
        else:
            web = load(RiskSettings)
            serve(web, wiring.web(web))
    except ValueError as error:
        print(f"risk-svc: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main(sys.argv[1:])
