"""notify-svc, which tries a webhook again after seconds and not hours: a run has minutes for all eight attempts."""

from __future__ import annotations

from candor.runtime import main
from notify_svc.channels.webhook import channel
from notify_svc.settings import NotifySettings
from notify_svc.wiring import build

SECONDS = 0.5

if __name__ == "__main__":
    setattr(channel, "PAUSES", (SECONDS,) * len(channel.PAUSES))  # noqa: B010 - it is final
    main(NotifySettings, build)
