"""The floor below everything: the table of primitives, which knows no node and no graph."""

import time

READ_SINCE = time.time()  # no rule that runs here was read from its file before
