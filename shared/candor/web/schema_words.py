"""A description for each schema of the APIs that has none of its own."""

from __future__ import annotations

from typing import Final

SCHEMAS: Final = {
    "AnswerOut.words": "What the customer wrote; empty once it has come to its end.",
    "AnswerOut.kind": "What it is about: a question, a readback or a verdict.",
    "Problem.type": "An address that says what this kind of problem is.",
    "Problem.title": "The kind of problem, in words.",
    "Problem.status": "The HTTP status.",
    "FactOut.kind": "What sort of fact it is.",
    "EventTaken.accepted": "How many events of a batch were taken.",
    "ManyTaken.accepted": "How many events were taken.",
    "TrackGroup.name": "What the promises of this row have in common.",
    "DependencyIn.kind": "What sort of thing it is, such as site or truck.",
    "AffectedIn.kind": "What sort of thing it is, such as site or truck.",
    "ContentOut.exact": "False: the body is no UTF-8, and bytes that are none stand as \\xNN.",
    "RequestItem.next_at": "When its system is asked next; null for what does not wait.",
    "RequestItem.reason": "Why it was refused or given up, or what the last try ended with.",
    "RequestOut.completed": "The request as its system completed it; null if it was not, or has been processed.",
    "RequestOut.sent": "The request as it came.",
    "RejectedItem.type": "The type that the webhook said it was.",
    "ChangeOut.kind": "What was stated: revised, withdrawn, settled, or assigned to a deliverer.",
    "ReferenceIn.id": "The promise's name there.",
    "ImportIn.source": "Keeps the ids of different exports apart.",
    "CloudEventIn.source": "Where the event came from, a URI reference.",
    "CloudEventIn.id": "The sender's id for the event, unique for its source.",
}
"""Where a name means something else in one schema."""
