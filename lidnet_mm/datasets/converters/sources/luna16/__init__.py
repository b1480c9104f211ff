"""LUNA16: MetaImage volumes, and a table of spheres."""
