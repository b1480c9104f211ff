"""Running a trained denoiser over series: finding them, streaming their slices, saying how well
they fit what it was trained for."""
