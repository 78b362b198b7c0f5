"""``python -m demos.lecture``."""

from demos.lecture import main
from viz import terminal

terminal.run(main)
