"""The filter language: ``model:gpt-4o* -status:error cost:>0.10 user:(u1 OR u2) "refund policy"``."""
