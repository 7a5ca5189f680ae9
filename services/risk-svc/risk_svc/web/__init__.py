"""The role `web`: query API and board."""
