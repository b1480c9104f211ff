"""Nodules of known size put into chest CT."""
