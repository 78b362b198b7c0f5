"""``python -m demos.lecture``."""

from demos.lecture import main

raise SystemExit(main())
