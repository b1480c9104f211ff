"""A denoised series as one HTML page: source and output of each slice, with the lesions found."""

from lidnet_mm.visualization.study_page.page import StudyFacts, write_study_page
from lidnet_mm.visualization.study_page.slice_choice import MOST_BYTES, ShownSlices, choose_slices

__all__ = ["MOST_BYTES", "ShownSlices", "StudyFacts", "choose_slices", "write_study_page"]
