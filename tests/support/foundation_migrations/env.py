"""Alembic's entry for the tests' own schema."""

from alembic import context
from sqlmodel import SQLModel

from candor.store import migrate

migrate.run(context, SQLModel.metadata)
