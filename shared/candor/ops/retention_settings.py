"""How long what people and systems wrote is kept, in days by the database's clock, and how much may wait."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RetentionSettings(BaseSettings):
    """Part of every process's settings; docs/operations/data.md says which table each is about.

    What identifies a fact (ids, versions, dates, states) outlives its words: without it an old event would count again.
    """

    model_config = SettingsConfigDict(use_attribute_docstrings=True, allow_inf_nan=False)

    receipts_kept_days: float = Field(default=30, ge=1, le=3650)
    """Days for which accepted ids are kept: a repeat within them is recognised. Example: 30"""
    rejected_kept_days: float = Field(default=30, ge=1, le=3650)
    """Days for which rejected webhooks are kept. Example: 30"""
    requests_kept_days: float = Field(default=7, ge=1, le=3650)
    """Days for which what senders sent is kept, sealed, whatever became of it. Example: 7"""
    dead_letters_kept_days: float = Field(default=30, ge=1, le=3650)
    """Days for which resolved dead letters, and those that no service of ours wrote, are kept. Example: 30"""
    undecided_letters_kept_days: float = Field(default=180, ge=30, le=3650)
    """Days after which a dead letter on which nobody decided is given up and deleted. Example: 180"""
    audit_kept_days: float = Field(default=400, ge=30, le=3650)
    """Days for which the log of what staff did is kept. Example: 400"""
    parked_kept_days: float = Field(default=90, ge=1, le=3650)
    """Days for which a report, a statement or a draft waits; then it is deleted and counted. Example: 90"""
    parked_most_a_source: int = Field(default=1_000_000, ge=1)
    """Reports, statements or drafts of one source that may wait; a further one is refused. Example: 200000"""
    texts_kept_days: float = Field(default=730, ge=30, le=3650)
    """Days after which the words of promises that are over, of reports and of resolved incidents are emptied.

    Example: 730
    """
    messages_kept_days: float = Field(default=730, ge=30, le=3650)
    """Days for which the text of messages to customers and owners is kept. Example: 730"""
    contacts_kept_days: float = Field(default=365, ge=30, le=3650)
    """Days after a customer's last promise is over for which the sealed contact is kept. Example: 365"""
    outbox_kept_days: float = Field(default=730, ge=60, le=3650)
    """Days for which sent events can be sent again (`candor relay replay`); longer than any promise is open.

    Example: 1095
    """
