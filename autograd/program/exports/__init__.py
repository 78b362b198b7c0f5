"""Programs in other languages: one file of C99, a function for JAX."""
