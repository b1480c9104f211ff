"""Denoisers, losses and the wrapper that puts them in front of a detector.

Nothing is imported here: ``lidnet_mm.models.denoisers`` and ``lidnet_mm.models.losses`` work
without MMDetection, and the registries import the rest when a config asks for it.
"""
