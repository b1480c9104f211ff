"""From a test to a row of ``results.json``: what was measured, how, and where it comes from."""
