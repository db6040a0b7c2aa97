"""Erasing what a person or a session left: in every table, the spool's folder and the state store."""
