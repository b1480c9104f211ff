"""Reads the calls that the stand-in for mim noted."""


def quiet(line):
    pass


def option(call, name):
    return call[call.index(name) + 1] if name in call else None


def folder_of(call):
    """Work dir of a call from the table's folder on."""
    return option(call, "--work-dir").rpartition("/chest/")[2]
