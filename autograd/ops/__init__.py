"""The floor below everything: the table of primitives, which knows no node and no graph."""
