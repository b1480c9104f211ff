"""The error of a conversion that cannot go on."""


class ConversionError(ValueError):
    """Source data or settings from which no correct dataset can be made.

    The message says what is wrong, where (patient, file, slice) and what to do about it. It may
    name source files and so belongs on the user's screen, never in a file of the dataset.
    """
