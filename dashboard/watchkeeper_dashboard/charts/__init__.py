"""Charts: pure functions from the API's data to a figure. Names in them pass through ``plain.figure``."""
