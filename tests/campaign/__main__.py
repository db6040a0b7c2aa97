"""Run the campaign: ``python -m tests.campaign [--kills N] [--seed N] [--server]``."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.campaign.kills import Outcome, run_round

KILLS_PER_ROUND = 25


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill a collector again and again, and compare.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--server", action="store_true", help="in front of a server, which is killed too")
    options = parser.parse_args()
    total, begun_s = Outcome(), time.monotonic()
    for first in range(0, options.kills, KILLS_PER_ROUND):
        kills, seed = min(KILLS_PER_ROUND, options.kills - first), options.seed + first
        folder = Path(tempfile.mkdtemp(prefix="watchkeeper-campaign-"))
        total.add(run_round(folder / "round", kills=kills, seed=seed, with_server=options.server))
        print(f"{time.monotonic() - begun_s:.0f} s: {total}", flush=True)
        if total.wrong:
            print(f"The round's data are in '{folder}'.", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
