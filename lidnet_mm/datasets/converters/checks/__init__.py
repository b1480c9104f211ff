"""Checks of what a converter reads, each with an error that says what to do."""
