"""Scalar automatic differentiation that can be read, seen, checked and trusted."""

from autograd import numpy_protocol as _numpy_protocol
from autograd.functions import *
from autograd.value import Value
from autograd.chain import backward, deltas, gradient, steps
from autograd.context import no_grad, record_sources, scope
