"""Forecasts as they were issued: when, by which model, their quantiles; and when the promise was completed."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
ALTER TABLE forecast_score
  ADD issued_at timestamptz,
  ADD p50 timestamptz,
  ADD p80 timestamptz,
  ADD p90 timestamptz,
  ADD completed_at timestamptz,
  ADD made_at timestamptz,
  ADD model int,
  ADD n int"""
    )
