"""The files by which a process proves who it is to Kafka: whatever connects next uses what is in them then."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Protocol, Self

from candor.ops.secret_files import SecretFile, credential, read

TLS_FILES = ("kafka_ssl_certificate_file", "kafka_ssl_key_file", "kafka_ssl_key_password_file", "kafka_ssl_ca_file")


class Files(Protocol):
    """What settings say about Kafka's files."""

    @property
    def kafka_ssl_ca_file(self) -> Path | None: ...
    @property
    def kafka_ssl_certificate_file(self) -> Path | None: ...
    @property
    def kafka_ssl_key_file(self) -> Path | None: ...
    @property
    def kafka_ssl_key_password_file(self) -> Path | None: ...
    @property
    def kafka_sasl_password_file(self) -> Path | None: ...


class KafkaSecrets:
    """What one process's Kafka settings name in files. Raises ValueError if one cannot be read or used."""

    def __init__(self, settings: Files) -> None:
        asked = settings.kafka_sasl_password_file
        self.password = SecretFile(asked, credential, name="KAFKA_SASL_PASSWORD_FILE") if asked else None
        self.tls = TlsFiles(settings) if any(getattr(settings, name) for name in TLS_FILES) else None
        self.files: tuple[SecretFile[Any] | None, ...] = (self.password, self.tls)


class TlsFiles(SecretFile[ssl.SSLContext]):
    """Certificate, key and authority as one: they count together, as a new certificate with the old key is no good."""

    def __init__(self, settings: Files) -> None:
        self._settings = settings
        named = {name.upper(): getattr(settings, name) for name in TLS_FILES}
        self._paths: dict[str, Path] = {name: path for name, path in named.items() if path}
        name, path = next(iter(self._paths.items()))
        super().__init__(path, lambda _: context_of(settings), name=name)

    def _stamp(self) -> object:
        return [self._stamp_of(path, f"{name} {path}") for name, path in self._paths.items()]

    def _read(self) -> ssl.SSLContext:
        return context_of(self._settings)


class NewestContext(ssl.SSLContext):
    """What a client takes as its TLS context; each new connection is made by that of the files as they are then."""

    _files: TlsFiles

    @classmethod
    def of(cls, files: TlsFiles) -> Self:
        """Return one that asks `files`."""
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made._files = files
        return made

    def wrap_bio(self, *arguments: Any, **more: Any) -> ssl.SSLObject:
        """Begin a connection; the event loop calls this for every one."""
        return self._files.get().wrap_bio(*arguments, **more)


def context_of(settings: Files) -> ssl.SSLContext:
    """The TLS context of the files as they are now: the broker's certificate and name are always verified."""
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"KAFKA_SSL_CA_FILE {settings.kafka_ssl_ca_file}: {_reason(error)}") from None
    if settings.kafka_ssl_certificate_file is not None:
        asked = settings.kafka_ssl_key_password_file
        # Without a password OpenSSL would ask for one on a terminal, and the process would hang.
        password = read(asked, credential, f"KAFKA_SSL_KEY_PASSWORD_FILE {asked}") if asked else ""
        try:
            context.load_cert_chain(settings.kafka_ssl_certificate_file, settings.kafka_ssl_key_file, lambda: password)
        except (OSError, ssl.SSLError) as error:
            name = f"KAFKA_SSL_CERTIFICATE_FILE {settings.kafka_ssl_certificate_file} with KAFKA_SSL_KEY_FILE"
            raise ValueError(f"{name}: {_reason(error)}") from None
    return context


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
