"""Keys of callers and secrets of senders: readable, still valid, and not left over from a rotation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from candor.diagnosis.files import SOON
from candor.ops.finding import Finding
from candor.web.security.auth import parse_keys
from candor.web.security.webhooks import Accepted, parse_secrets


def api_keys(path: Path, service: str, now: datetime) -> Finding:
    """Which keys that open this service are over or will be within two weeks."""
    try:
        held = [principal for _, principal in parse_keys(path.read_bytes(), service)]
    except (OSError, ValueError) as error:
        return Finding(
            "API keys", False, f"{path}: {error}", "correct it: until then no key whose entry is wrong opens anything"
        )
    ours = [one for one in held if not one.scopes or service in one.scopes]
    if not ours:
        return Finding(
            "API keys", None, f"no key in {path} opens {service}", f"candor token --scope {service} makes one"
        )
    ends = {one.name: one.expires for one in ours if one.expires is not None and one.expires - now <= SOON}
    if not ends:
        return Finding("API keys", True, f"{len(ours)} open {service}, none ends within {SOON.days} days")
    said = ", ".join(f"{name} {'ended' if at <= now else 'ends'} {at:%Y-%m-%d}" for name, at in sorted(ends.items()))
    over = any(at <= now for at in ends.values())
    return Finding(
        "API keys", False if over else None, said, "add a new key, give it to its caller, take the old one out"
    )


def webhooks(path: Path, service: str, accepted: Accepted) -> Finding:
    """Whether every sender may send something here, and whether an old secret of one is still live."""
    try:
        senders = parse_secrets(path.read_bytes(), accepted.sources, service, accepted.events)
    except (OSError, ValueError) as error:
        mend = "correct it: until then no sender whose entry is wrong is let in"
        return Finding("webhook secrets", False, f"{path}: {error}", mend)
    able = {name: sender for name, sender in senders.items() if sender.events}
    if not able:
        mend = 'name event types: {"sources": {"crm": {"secrets": ["whsec_…"], "events": {"SERVICE": ["TYPE"]}}}}'
        return Finding("webhook secrets", None, f"no sender in {path} may send anything to {service}", mend)
    without = sorted(name for name, sender in able.items() if not sender.secrets)
    if without:
        return Finding("webhook secrets", False, f"no secret of {', '.join(without)}", "give each sender a secret")
    several = sorted(name for name, sender in able.items() if len(sender.secrets) > 1)
    if several:
        said = f"several live secrets of {', '.join(several)}; they never end by themselves"
        return Finding("webhook secrets", None, said, "once the sender signs with the new one, take the old one out")
    return Finding("webhook secrets", True, f"{', '.join(sorted(able))}: one secret each")
