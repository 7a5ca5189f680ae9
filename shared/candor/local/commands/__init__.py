"""Commands of the local stack, registered like those of the services."""
