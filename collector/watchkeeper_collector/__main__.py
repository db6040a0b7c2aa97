"""``python -m watchkeeper_collector`` is the command ``watchkeeper``."""

import sys

from watchkeeper_collector.cli import main

sys.exit(main())
