"""DICOM with boxes in Pascal VOC files: any, and Lung-PET-CT-Dx."""
