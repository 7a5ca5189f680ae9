"""The contents of a Candor folder, and the stack that runs in it, for any command."""
