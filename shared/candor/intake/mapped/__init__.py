"""Mapped webhooks: sources that are written in YAML instead of Python.

`located` reads the file and knows the line of everything in it, `config` says what may stand there, `reading` checks it
against our events, `expressions` and `fields` turn a sender's JSON into them, `schemes` say how senders prove
themselves, `source` is the Source of it all, and `registry` the one of a running service, which follows its file.
"""

from candor.intake.mapped.config import SourceFile, SourceRule
from candor.intake.mapped.reading import Shapes, read_sources
from candor.intake.mapped.registry import Offered, Registry, presets_of
from candor.intake.mapped.source import MappedSource

__all__ = ["MappedSource", "Offered", "Registry", "Shapes", "SourceFile", "SourceRule", "presets_of", "read_sources"]
