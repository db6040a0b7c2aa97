"""Kills a real collector, and its store, again and again while clients send: all is stored, and all once.

python -m tests.campaign --kills 100 --seed 7
"""
