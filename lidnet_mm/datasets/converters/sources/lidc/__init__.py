"""LIDC-IDRI: outlines of up to four readers, and what they agree on."""
