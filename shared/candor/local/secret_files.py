"""The secrets of a local stack, created once: keys of callers and contacts, secrets of webhooks, sessions and links."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nacl.public import PrivateKey

from candor.errors import InputError, explain_os_error
from candor.installation.folder import Folder
from candor.records.origin import new_keys

if TYPE_CHECKING:
    from candor.web.security.auth import Role

PROMISES = (
    *("promise.made", "promise.revised", "promise.withdrawn", "promise.settled", "contact.set"),
    *("handoff.requested", "handoff.accepted", "handoff.declined", "handoff.countered", "handoff.agreed"),
    *("handoff.rejected", "handoff.withdrawn", "capability.set", "claim.made", "claim.corrected", "statement.made"),
    *("challenge.opened", "challenge.answered", "challenge.settled", "offer.made", "offer.taken", "offer.declined"),
    *("plan.opened", "plan.changed", "plan.done", "plan.dropped"),
    *("offer.withdrawn", "account.set", "sheet.answered", "review.published", "review.tagged", "review.removed"),
    *("lead_time.stated", "lead_time.withdrawn"),
    *("clarification.asked", "clarification.answered", "clarification.withdrawn"),
    *("wish.noted", "wish.changed", "wish.met", "wish.declined"),
)
REPORTS = ("milestone.reported", "incident.reported")
SOURCES = {
    "crm": {"promise-svc": PROMISES},
    "field": {"delivery-svc": REPORTS},
    "replay": {"promise-svc": PROMISES, "delivery-svc": REPORTS},
}
"""The senders of a local stack, and which event types each may send to which service."""
BOARD: Final = "board"
ASKED: Final = ("promise-svc", "delivery-svc", "notify-svc")
"""The services that the board asks, with a key of its own."""


@dataclass(frozen=True)
class SecretPaths:
    """Paths of the secret files, each readable only by its owner."""

    folder: Path

    @property
    def api_keys(self) -> Path:
        return self.folder / "api-keys.json"

    @property
    def webhooks(self) -> Path:
        return self.folder / "webhooks.json"

    @property
    def contact_public(self) -> Path:
        return self.folder / "contact-public.key"

    @property
    def contact_private(self) -> Path:
        return self.folder / "contact-private.key"

    @property
    def event_signing(self) -> Path:
        return self.folder / "event-signing.key"

    @property
    def event_public(self) -> Path:
        return self.folder / "event-public.keys"

    @property
    def session(self) -> Path:
        return self.folder / "session.key"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.key"

    @property
    def page(self) -> Path:
        return self.folder / "page.key"

    @property
    def requests(self) -> Path:
        return self.folder / "requests.key"

    @property
    def services_key(self) -> Path:
        return self.folder / "services.key"

    def environment(self, service: str) -> dict[str, str]:
        """The settings that name the files; only notify-svc can open contacts, only promise-svc can sign."""
        given = {
            "API_KEYS_FILE": self.api_keys,
            "WEBHOOK_SECRETS_FILE": self.webhooks,
            "CONTACT_PUBLIC_KEY_FILE": self.contact_public,
            "EVENT_PUBLIC_KEYS_FILE": self.event_public,
            "SESSION_SECRET_FILE": self.session,
        }
        if service == "promise-svc":
            given["EVENT_SIGNING_KEY_FILE"] = self.event_signing
            given["ANSWER_SECRET_FILE"] = self.answers
        if service in ("promise-svc", "delivery-svc"):
            given["REQUEST_KEY_FILE"] = self.requests
        if service == "risk-svc":
            given["SERVICES_KEY_FILE"] = self.services_key
        if service == "notify-svc":
            given["CONTACT_PRIVATE_KEY_FILE"] = self.contact_private
            given["PAGE_SECRET_FILE"] = self.page
        return {name: str(path) for name, path in given.items()}


def ensure_secrets(folder: Folder) -> SecretPaths:
    """Creates missing files and keeps existing ones: a restart must not invalidate keys in use."""
    paths = SecretPaths(folder.secrets)
    if not paths.api_keys.exists():
        write_private(paths.api_keys, json.dumps({"keys": []}, indent=2))
    if not paths.webhooks.exists():
        made = {source: {"secrets": [_webhook_secret()], "events": events} for source, events in SOURCES.items()}
        write_private(paths.webhooks, json.dumps({"sources": made}, indent=2))
    if not paths.contact_private.exists() or not paths.contact_public.exists():
        pair = PrivateKey.generate()
        write_private(paths.contact_private, base64.b64encode(bytes(pair)).decode())
        write_private(paths.contact_public, base64.b64encode(bytes(pair.public_key)).decode())
    if not paths.event_signing.exists() or not paths.event_public.exists():
        signing, public = new_keys()
        write_private(paths.event_signing, signing)
        write_private(paths.event_public, public)
    for path in (paths.session, paths.answers, paths.page, paths.requests):
        if not path.exists():
            # Hexadecimal, so that no run of letters in it can look like a placeholder word.
            write_private(path, secrets.token_hex(32))
    if not paths.services_key.exists() or not _opens_all(paths):
        _services_key(paths)
    return paths


def _services_key(paths: SecretPaths) -> None:
    # Imported here as in `add_key`.
    from candor.web.security.auth import Role  # noqa: PLC0415

    write_private(paths.services_key, add_key(paths, BOARD, Role.OPERATOR, ASKED))


def _opens_all(paths: SecretPaths) -> bool:
    """Whether the board's key is for every service that it asks; one of an earlier release may not be."""
    entries = json.loads(paths.api_keys.read_text())["keys"]
    return any(entry["name"] == BOARD and {*entry["scopes"]} >= {*ASKED} for entry in entries)


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def add_key(paths: SecretPaths, name: str, role: Role, scopes: tuple[str, ...] = ()) -> str:
    """Creates an API key, of which only the SHA-256 is stored; a second key with the same name replaces the first."""
    # Imported here because it loads the web framework, which `candor status` does not need.
    from candor.web.security.auth import new_key, parse_keys  # noqa: PLC0415

    key, digest = new_key()
    entries = [entry for entry in json.loads(paths.api_keys.read_text())["keys"] if entry["name"] != name]
    entries.append({"name": name, "sha256": digest, "role": role.name.lower(), "scopes": list(scopes)})
    text = json.dumps({"keys": entries}, indent=2)
    try:
        # A file that the services refuse would change no key any more, and end their next start.
        parse_keys(text.encode())
    except ValueError as error:
        raise InputError(f"no key was made: {error}") from None
    write_private(paths.api_keys, text)
    return key


def write_private(path: Path, text: str) -> None:
    """Replaces a file atomically, readable only by its owner: a reader never sees half of it."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise explain_os_error(error, path.parent) from error
