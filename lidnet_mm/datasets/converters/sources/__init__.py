"""One module for each layout that CT with lesion labels is published in."""
