"""Commands of the local stack, registered by entry points like those of the services."""
