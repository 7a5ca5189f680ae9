"""Files and addresses in a process's settings: there, private, still valid, and consistent with one another."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography import x509

from candor.errors import free_mebibytes
from candor.ops.finding import Finding, checked

if TYPE_CHECKING:
    from candor.ops.settings import Settings

SOON: Final = timedelta(days=14)
NEEDED_MIB: Final = 512
PUBLIC: Final = ("kafka_ssl_ca_file", "kafka_ssl_certificate_file", "contact_public_key_file", "clock_origin_file")


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings about files, certificates, addresses and disks."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name.endswith("_file") and isinstance(value, Path):
            yield secret(name.upper(), value, public=name in PUBLIC)
    certificates = [settings.kafka_ssl_ca_file, settings.kafka_ssl_certificate_file]
    for path in (*(one for one in certificates if one), *map(Path, settings.certificate_files)):
        yield certificate(path, datetime.now(UTC))
    yield addresses(settings)
    for place in settings.disk_paths:
        free = free_mebibytes(Path(place))
        wrong = f"{free} MiB free at {place}" if free < NEEDED_MIB else ""
        yield checked("disk", f"{free} MiB free at {place}", wrong, f"free some space: {NEEDED_MIB} MiB are needed")


def secret(name: str, path: Path, *, public: bool = False) -> Finding:
    """Whether a file can be read by this process, and a secret by nobody outside its group."""
    try:
        found = path.stat()
        path.read_bytes()
    except OSError as error:
        return Finding(name, False, f"{path}: {error.strerror}", f"mount it for this process, or correct {name}")
    if not found.st_size:
        return Finding(name, False, f"{path} is empty", "write the secret into it")
    if not public and stat.S_IMODE(found.st_mode) & stat.S_IROTH:
        return Finding(name, False, f"{path} can be read by every user of this machine", f"chmod o-rwx {path}")
    return Finding(name, True, str(path))


def certificate(path: Path, now: datetime) -> Finding:
    """Whether a certificate is valid for two weeks more."""
    try:
        ends = min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError) as error:
        return Finding("certificate", False, f"{path}: {getattr(error, 'strerror', None) or error}", "name a PEM file")
    left = ends - now
    mend = "renew it" if left < SOON else ""
    return Finding("certificate", left > timedelta(0) if mend else True, f"{path} ends {ends:%Y-%m-%d}", mend)


def addresses(settings: Settings) -> Finding:
    """Whether requests to PUBLIC_URL would be answered."""
    host = (urlsplit(settings.public_url).hostname or "").lower()
    hosts = settings.trusted_hosts
    known = not host or "*" in hosts or host in hosts or any(_under(host, one) for one in hosts)
    wrong = "" if known else f"PUBLIC_URL is at {host}, which is not in TRUSTED_HOSTS: every page would be 400"
    return checked("PUBLIC_URL", settings.public_url or "not set", wrong, f"add {host} to TRUSTED_HOSTS")


def _under(host: str, pattern: str) -> bool:
    return pattern.startswith("*.") and host.endswith(pattern[1:])
