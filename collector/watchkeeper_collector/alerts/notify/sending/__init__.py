"""The way out: connections to addresses that were looked at, time limits, pace, attempts."""
