"""What channels share that are one POST to somebody's webhook: the attempt, and the hosts it may go to."""
