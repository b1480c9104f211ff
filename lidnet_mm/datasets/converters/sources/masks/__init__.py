"""Volumes with labels on their voxels: your own, FUMPE, CAD-PE, the lung tumours of MSD."""
