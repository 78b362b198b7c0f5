"""Neurons, layers and networks; what they can do beyond computing stands in the rooms below."""
