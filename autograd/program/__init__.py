"""Programs: a graph recorded once, as plain data, and run over one point or a million samples."""
