"""Sources gone silent against their own rhythm.

`rhythm` decides (pure), `book` keeps what it decides from, `listening` is the background, `routes` shows it to staff.
"""
