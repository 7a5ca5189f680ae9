"""The role `learner`: the journal in its order, learnt, and published by version."""
