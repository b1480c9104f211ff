"""The COCO json of CT slices: one reader for all that use it, strict about what it holds."""
