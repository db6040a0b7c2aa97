"""Rolling spans up by hour: which hours changed, building them, deleting what is no longer looked at."""
