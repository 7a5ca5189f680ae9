"""Free space, the end of certificates, and files that are read again though nobody asks."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from candor.ops import metrics
from candor.ops.host import HostWatch
from tests.support.waiting import until

END = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def certificate(end: datetime) -> bytes:
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, end - timedelta(days=90), end)
    return made.sign(key, None).public_bytes(Encoding.PEM)


def value(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_the_space_of_a_path_is_measured_until_it_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    watch = HostWatch((str(folder),), ())
    watch.measure()
    free, size = (value(f"candor_disk_{what}_bytes", path=str(folder)) for what in ("free", "size"))
    assert free is not None
    assert size is not None
    assert 0 < free < size
    folder.rmdir()
    watch.measure()
    assert [value(f"candor_disk_{what}_bytes", path=str(folder)) for what in ("free", "size")] == [None, None]


def test_of_several_certificates_the_first_to_expire_counts(tmp_path: Path) -> None:
    file = tmp_path / "tls.crt"
    file.write_bytes(certificate(END + timedelta(days=1)) + certificate(END) + certificate(END + timedelta(days=2)))
    HostWatch((), (str(file),)).measure()
    assert value("candor_certificate_expires_timestamp_seconds", file=str(file)) == END.timestamp()
    assert value("candor_mounted_file_unreadable", file=str(file)) == 0


def test_a_file_that_is_no_certificate_any_more_is_said_and_its_old_end_is_not(tmp_path: Path) -> None:
    file = tmp_path / "tls.crt"
    file.write_bytes(certificate(END))
    watch = HostWatch((), (str(file),))
    watch.measure()
    for spoil in (lambda: file.write_bytes(b"not a certificate"), file.unlink):
        spoil()
        watch.measure()
        assert value("candor_certificate_expires_timestamp_seconds", file=str(file)) is None
        assert value("candor_mounted_file_unreadable", file=str(file)) == 1
    file.write_bytes(certificate(END))
    watch.measure()
    assert value("candor_certificate_expires_timestamp_seconds", file=str(file)) == END.timestamp()


async def test_mounted_files_are_read_again_without_a_request() -> None:
    read: list[None] = []

    class File:
        def look(self) -> object:
            read.append(None)
            raise RuntimeError("which must not end the process")

    watch = HostWatch((), (), [File()], every=0.001)
    running = asyncio.create_task(watch.run())
    await until(lambda: len(read) > 2)
    await watch.stop()
    async with asyncio.timeout(10):
        await running
