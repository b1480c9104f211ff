"""DICOM files of known content, see ``dicom_files``."""

from dicom_files import enhanced, save, write_series

__all__ = ["enhanced", "save", "write_series"]
