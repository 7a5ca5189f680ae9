"""promise-svc as it was before it kept requests, for `bench.raw_requests` alone."""

from __future__ import annotations

from candor.intake.requests import arriving, writing
from candor.intake.requests.content import Content, Vault
from candor.intake.requests.writing import Request
from candor.runtime import main
from promise_svc.settings import PromiseSettings
from promise_svc.wiring import build


def _nothing_sealed(_vault: Vault, _content: Content) -> bytes:
    return b""


async def _nothing_written(_uow: object, _requests: list[Request]) -> None:
    pass


if __name__ == "__main__":
    setattr(Vault, "seal", _nothing_sealed)  # noqa: B010 - mypy refuses a method to be assigned
    setattr(writing, "write", _nothing_written)  # noqa: B010
    setattr(arriving, "keeping", lambda apply: apply)  # noqa: B010
    main(PromiseSettings, build)
