"""`python -m promise_svc`: the ledger of promises."""

from __future__ import annotations

import sys

from candor.ops.settings import load
from candor.runtime import serve
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build


def main() -> None:
    """Run until told to stop."""
    settings = load(PromiseSettings)
    try:
        app = build(settings)
    except ValueError as error:
        print(f"promise-svc: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    serve(settings, app)


if __name__ == "__main__":
    main()
