"""What changed, and why: the difference between two runs of one graph, given to its inputs and its paths."""
