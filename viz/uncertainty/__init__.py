"""Uncertainty of a result from those of its inputs: the table of the GUM, and a Monte Carlo check beside it."""
