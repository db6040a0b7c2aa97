"""The parts of the page *Drift*."""
