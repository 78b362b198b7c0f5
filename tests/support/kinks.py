"""A mark for tests that take derivatives where functions have kinks and jumps, on purpose."""

import pytest

from autograd import KinkWarning

at_kinks = pytest.mark.filterwarnings(f"ignore::{KinkWarning.__module__}.{KinkWarning.__name__}")
