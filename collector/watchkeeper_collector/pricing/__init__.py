"""Price table, unpriced models, re-pricing."""
