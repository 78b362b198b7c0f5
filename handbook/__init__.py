"""Builds the documentation: runs every block of every page, shows what came out, and holds it to what it says."""
