"""Example slices and the regions of a training: read together and put into a page."""
