"""Training whatever has parameters: optimisers move, `fit` and `train` loop.  The networks stand above it."""
