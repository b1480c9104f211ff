"""Curves of a report, drawn with Matplotlib."""
