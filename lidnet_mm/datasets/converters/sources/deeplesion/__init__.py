"""DeepLesion: key slices as 16-bit pictures, and a table of lesions."""
