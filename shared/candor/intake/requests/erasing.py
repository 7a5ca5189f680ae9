"""Erases the stored requests of a customer, and of promises, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from candor.store.erasing import Step, gone_of

if TYPE_CHECKING:
    from candor.store.erasure import Erasure
    from candor.store.unit_of_work import UnitOfWork

OF_PROMISES: Final = """
DELETE FROM request WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM request WHERE about && ARRAY(SELECT 'promise/' || name FROM unnest($1::text[]) AS name)
  LIMIT $2 FOR UPDATE))"""
"""SQL that hangs on promises with keys $1, as erasures of customers take it: at most $2 requests that name one."""

OF_REFERENCES: Final = """
DELETE FROM request WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM request WHERE about && ARRAY(
    SELECT 'reference/' || system || '/' || ref_id FROM reference WHERE promise_id = ANY($1::text[]))
  LIMIT $2 FOR UPDATE))"""
"""The same, by the names that these promises have in other systems, in a service with the table `reference`."""


class StoredRequests:
    """Requests that name the customer: one that names others too goes all the same."""

    async def step(self, uow: UnitOfWork, erasure: Erasure, most: int) -> Step:
        """Delete at most `most`."""
        gone = gone_of(await uow.connection.execute(_OF_CUSTOMER, erasure.customer_id, erasure.born, most))
        return Step(0, gone == most)


_OF_CUSTOMER: Final = """
DELETE FROM request WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM request WHERE about @> ARRAY['customer/' || $1::text] AND born <= $2 LIMIT $3 FOR UPDATE))"""
