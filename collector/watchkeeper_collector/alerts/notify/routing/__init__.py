"""What is said to whom: pure functions over labels, times and groups."""
