"""Trained models that come with the package: a card and weights each."""

from lidnet_mm.zoo.model_card import ModelCard, bundled_names, parse_card, read_card

__all__ = ["ModelCard", "bundled_names", "parse_card", "read_card"]
