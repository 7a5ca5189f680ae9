"""Text messages by Twilio's Messages resource.

Contract: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

from typing import Final

from notify_svc.channels import Registration
from notify_svc.channels.sms.channel import SmsChannel
from notify_svc.channels.sms.settings import SmsSettings


def _build(settings: SmsSettings) -> SmsChannel | None:
    account = settings.account()
    return None if account is None else SmsChannel(account, settings.sms_segments)


CHANNEL: Final = Registration(SmsSettings, _build)
