"""Tables: CSV and Excel files of promises, milestones and contacts, imported by a mapping that a person edits.

`reading` opens a file as rows (`text_files`, `workbooks`), `config` says what may stand in FILE.map.yaml, `converting`
makes events of rows, `spooling` of a whole file; `names` and `guessing` are what `proposing` proposes a mapping from,
and `writing` writes it for a person.
"""
