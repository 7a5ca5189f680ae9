"""What a folder of Candor holds and which stack runs in it, for any command."""
