"""Where digits go: a bound on every node's error, the same graph in 50 digits, and what to write instead."""
