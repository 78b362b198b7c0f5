"""How fast the engine is, next to its peers; see README.md in this folder."""
