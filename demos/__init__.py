"""Runnable demonstrations, one idea each: ``python -m demos`` runs them all."""
