"""Response bodies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from candor.contracts import Tolerance
from candor.web.http.listings import ListTotals


class SwitchOut(BaseModel):
    """State of the switches: messages are sent only while `sending` is on and `kill_switch` is off."""

    sending: bool
    kill_switch: bool


class MassOut(BaseModel):
    """Whether a mass of messages is held, since when (system time), and the customers to whom they were due.

    `passed_until`: business time up to which a person let all pass.
    """

    held: bool
    held_since: datetime | None
    customers: int
    of_customers: int
    passed_until: datetime | None
    changed_by: str


class NoticeOut(BaseModel):
    """One notice as shown in lists. `spoken_for`: why it was decided; `reason`: why it is in its state.

    `audience`: customer, owner, or asked (a customer who is only asked what is open about their need). `owner`, in a
    customer's notice: the outcome of notifying the owner first (`waiting`, `owner_told`, `no_owner`,
    `owner_has_no_address`, `owner_not_reached`). `addressee`: the customer's id, or `staff/` and the owner's id.
    `awaits`: for what it waits, or waited, for a person (`key_account`, `low_certainty`, `new_wording`,
    `owner_first`); `approved_by`: who let it go, or told the customer by phone; `withheld_for`: why a person held it;
    `taken_by`: which owner tells the customer themselves, until `taken_until`.
    """

    notice_id: str
    joint: str
    audience: str
    addressee: str
    promise_id: str
    customer_id: str
    episode: int
    statement: str
    state: str
    reason: str
    spoken_for: str
    owner: str
    subject: str
    message: str
    told_low: datetime | None
    told_high: datetime | None
    next_update_by: datetime | None
    decided_at: datetime
    changed_at: datetime
    attempts: int
    version: int
    awaits: list[str]
    approved_by: str
    approved_at: datetime | None
    edited_by: str
    waits_since: datetime | None
    snoozed_until: datetime | None
    withheld_for: str
    taken_by: str
    taken_until: datetime | None


class DeliveryOut(BaseModel):
    """Delivery of a notice over one channel; `outcome`: why it is in its state, `provider_code`: its last answer.

    `provider_id` is the provider's id for the message (empty if it gave none). No address is shown.
    """

    delivery_id: str
    channel: str
    state: str
    outcome: str
    phase: str
    attempts: int
    next_at: datetime
    provider_code: str | None
    provider_id: str
    unknown_since: datetime | None
    created_at: datetime
    changed_at: datetime


class MailReportOut(BaseModel):
    """What a mail that came back said of a message.

    `said`: gone, returned, mailbox_full, delayed, arrived, auto_reply or reply. `code`: the status of RFC 3463, if it
    named one.
    """

    said: str
    code: str
    created_at: datetime


class NoticeWhole(NoticeOut):
    """One notice with its evidence, lint findings, deliveries and the mails about it, oldest to newest.

    `phase`, `smtp_code`, `next_try_at` and `unknown_since` are those of the newest delivery.
    """

    html: str
    evidence: dict[str, Any]
    findings: list[dict[str, str]]
    gap_version: int
    ahead_of: str | None
    owner_wait_until: datetime | None
    phase: str
    smtp_code: int | None
    next_try_at: datetime
    unknown_since: datetime | None
    deliveries: list[DeliveryOut]
    reports: list[MailReportOut]


class NoticePage(ListTotals):
    """A page of notices; the Link header leads to the next one."""

    items: list[NoticeOut]


class PageLinkOut(BaseModel):
    """A link to the customer's page of a promise, without the signature that makes it open.

    It opens until `ends_at`, 30 days after the newest message that carries it, unless it was revoked (system time).
    """

    link_id: str
    promise_id: str
    customer_id: str
    created_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    revoked_by: str


class PageLinkPage(ListTotals):
    """A page of links; the Link header leads to the next one."""

    items: list[PageLinkOut]


class AnswerOut(BaseModel):
    """What a customer answered on their page, to the word.

    `kind`: question, readback, verdict, option, clarification or sheet. `choice`: right or wrong of a readback; kept,
    in_part or not_kept of a verdict; the name of the option that was taken of the offer `offer_id`.
    `clarification_id`: what we had asked, of which these are the words. What a sheet says is in promise-svc, by the id
    of the answer.
    """

    answer_id: str
    promise_id: str
    customer_id: str
    link_id: str
    kind: str
    choice: str
    offer_id: str
    clarification_id: str
    words: str
    at: datetime


class AnswerPage(ListTotals):
    """A page of answers; the Link header leads to the next one."""

    items: list[AnswerOut]


class NextUpdateOut(BaseModel):
    """Until when a message said that its customer hears next, and what became of that."""

    notice_id: str
    promise_id: str
    customer_id: str
    next_update_by: datetime
    update_state: str


class NextUpdatePage(ListTotals):
    """A page of next updates; the Link header leads to the next one."""

    items: list[NextUpdateOut]


class ExpectationOut(BaseModel):
    """How a customer wants to be written to: from which risk of delay they are warned, how early and how often.

    `own` names what their contact says; the rest is their tier's, or as usual. `ahead_hours` and `pace_hours` are null
    if nothing limits how early or how often.
    """

    customer_id: str
    tier: str
    tolerance: Tolerance
    warned_from: float
    ahead_hours: float | None
    pace_hours: float | None
    own: list[str]


class RecordOut(BaseModel):
    """One entry of a customer's record, to the word.

    `direction`: said (by us), answered (by them) or not_said, for which `why` has the reason in words and `reason` its
    code. `way`: the channel, `page` or `phone`; empty if nobody knows it. `kind`: of a message its statement, or
    `question` if it only asks; of an answer what it is about, `call`, or of an offer `offer` as it is made, then
    `offer_taken` (`choice` is the option, `due` its time; on the page `option`), `offer_declined` or
    `offer_withdrawn`; of a wish `wish`, then `wish_met` or `wish_declined`. `state` of a message: sent or unknown, or
    suppressed or failed if it was not said.
    """

    entry_id: str
    promise_id: str
    at: datetime
    direction: str
    way: str
    kind: str
    choice: str
    subject: str
    words: str
    state: str
    approved_by: str
    edited_by: str
    due: datetime | None
    reason: str
    why: str


class RecordPage(ListTotals):
    """A page of a customer's record; the Link header leads to the next one."""

    items: list[RecordOut]


class TemplateOut(BaseModel):
    """One version of a company's template; its subject and body never change.

    `in_use`: letters are made by it, as it is the version of its statement and language that was approved last and is
    not withdrawn. `failed_at`: when it first made no letter of some facts, so that the built-in one was used, and why.
    System time throughout.
    """

    statement: str
    language: str
    number: int
    in_use: bool
    subject: str
    body: str
    written_by: str
    written_at: datetime
    approved_by: str
    approved_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None
    failed_at: datetime | None
    failed_why: str


class TemplatePage(ListTotals):
    """A page of versions; the Link header leads to the next one."""

    items: list[TemplateOut]


class TemplateWhole(BaseModel):
    """The version that letters of a statement and language are made by; without one, by the built-in template."""

    statement: str
    language: str
    in_use: TemplateOut | None


class PreviewOut(BaseModel):
    """A letter as it would be made now, which is neither stored nor sent.

    `findings`: what the check of words objects to; a letter with one would be made by the built-in template.
    `left_out`: what it does not say of what staff or the company wrote, and why.
    """

    subject: str
    message: str
    html: str
    findings: list[dict[str, str]]
    left_out: dict[str, str]
