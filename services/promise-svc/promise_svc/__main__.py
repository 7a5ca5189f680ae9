"""`python -m promise_svc`: the ledger of promises."""

from __future__ import annotations

from candor.runtime import main
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build

if __name__ == "__main__":
    main(PromiseSettings, build)
