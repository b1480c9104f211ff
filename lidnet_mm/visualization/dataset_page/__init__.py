"""A data set as one HTML page: its slices in HU windows, LDCT beside NDCT, with lesion boxes."""

from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.loading import load_slices
from lidnet_mm.visualization.dataset_page.page import PageSettings, write_dataset_page
from lidnet_mm.visualization.dataset_page.part import DataPart
from lidnet_mm.visualization.dataset_page.parts import parts_of_config, parts_of_folder
from lidnet_mm.visualization.dataset_page.windows import NamedWindow, choose_windows, config_windows

__all__ = [
    "DataPart",
    "NamedWindow",
    "PageSettings",
    "SliceChoice",
    "choose_slices",
    "choose_windows",
    "config_windows",
    "load_slices",
    "parts_of_config",
    "parts_of_folder",
    "write_dataset_page",
]
