"""What the measures of insight find of a simulated company whose truth is known."""
