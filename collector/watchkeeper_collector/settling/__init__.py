"""Settling: completing spans with what only the whole trace tells."""
