"""Settings that promise-svc reads at startup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from candor.intake.settings import IntakeSettings
from candor.ops.secret_files import SecretFile
from candor.ops.setting_types import OptionalFile, Port, ServiceName, split_list
from candor.ops.settings import strong_secrets

HOPS: Final = ("engineering", "product", "success", "sales", "customer")
Hop = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
Hops = Annotated[tuple[Hop, ...], NoDecode, BeforeValidator(split_list), Field(min_length=2, max_length=32)]


class PromiseSettings(IntakeSettings):
    """Settings of promise-svc; CONTACT_PUBLIC_KEY_FILE is also required."""

    service: ServiceName = "promise-svc"
    """Name of the service, which chooses its database and its consumer group. Example: promise-svc"""
    port: Port = 8101
    """TCP port that the process listens on; 0 takes any free one. Example: 8080"""
    statement_hops: Hops = HOPS
    """The departments through which statements pass on their way to customers, from the first to the last.

    Example: engineering,sales,customer
    """
    answer_secret_file: OptionalFile = None
    """File of secrets, one a line, of 32 characters or more: the first signs links to the form of four questions.

    Without it no such links are made. Read again: within seconds of a change.
    Example: /run/candor/answers/answers.key
    """

    def answer_secrets(self) -> SecretFile[Sequence[str]] | None:
        """The secrets of links to the form; None without a file. Raises ValueError for short ones and placeholders."""
        if self.answer_secret_file is None:
            return None
        return SecretFile(self.answer_secret_file, strong_secrets, name="ANSWER_SECRET_FILE")
