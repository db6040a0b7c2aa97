"""Drift: has what a model answers changed, beyond chance and beyond triviality?"""
