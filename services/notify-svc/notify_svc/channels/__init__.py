"""Ways to an addressee, one folder each: whatever is in `channels/<name>/` and exports CHANNEL is a channel."""
