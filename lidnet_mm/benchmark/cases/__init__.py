"""Example slices and the regions of a training: recorded, kept, and put into a page."""
