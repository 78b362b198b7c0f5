"""Programs rewritten: derivatives backwards (``adjoint``), forwards (``tangent``), slopes written out, sums fused."""
