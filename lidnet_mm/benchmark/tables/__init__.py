"""Tables of a report, the paper's and further ones."""
