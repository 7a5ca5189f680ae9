"""`python -m notify_svc`: runs notify-svc."""

from __future__ import annotations

from candor.runtime import main
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build

if __name__ == "__main__":
    main(NotifySettings, build)
