"""The role `learner`: learns from the journal in order and publishes model versions."""
