"""Nodules of known size and contrast, put into the lungs of real or painted chest CT."""
