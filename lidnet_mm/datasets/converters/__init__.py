"""Converters: CT files and their lesion labels in, one COCO json a part of the split out."""
