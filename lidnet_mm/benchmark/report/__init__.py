"""From the folders of a matrix to ``results.json``, the report and the page of results."""
