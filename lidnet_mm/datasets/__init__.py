"""CT volumes in, paired and annotated slices out. Sub-modules are imported by the registries."""
