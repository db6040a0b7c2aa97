"""A copy of everything that a collector keeps, and a collector made of one."""
