"""``python -m watchkeeper.auto app.py``, and what ``watchkeeper run`` executes."""

import sys

from watchkeeper.auto.command import main

sys.exit(main(sys.argv[1:]))
