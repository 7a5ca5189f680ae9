"""`python -m notify_svc`: the honest word."""

from __future__ import annotations

import sys

from candor.ops.settings import load
from candor.runtime import serve
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build


def main() -> None:
    """Run until told to stop."""
    settings = load(NotifySettings)
    try:
        app = build(settings)
    except ValueError as error:
        print(f"notify-svc: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    serve(settings, app)


if __name__ == "__main__":
    main()
