"""Writers of what inference made of a CT volume, one format a file."""
