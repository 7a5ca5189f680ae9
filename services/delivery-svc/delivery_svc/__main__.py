"""`python -m delivery_svc`: what happens."""

from __future__ import annotations

import sys

from candor.ops.settings import load
from candor.runtime import serve
from delivery_svc.settings import DeliverySettings
from delivery_svc.wiring import build


def main() -> None:
    """Run until told to stop."""
    settings = load(DeliverySettings)
    try:
        app = build(settings)
    except ValueError as error:
        print(f"delivery-svc: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    serve(settings, app)


if __name__ == "__main__":
    main()
