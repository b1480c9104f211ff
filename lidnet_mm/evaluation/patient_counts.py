"""Which slice is of which patient, and counts a patient: what a resample of patients weighs."""

from collections.abc import Sequence

import numpy as np

from lidnet_mm.evaluation.slice_record import SliceRecord


def patient_of_slices(records: Sequence[SliceRecord]) -> np.ndarray:
    """Number of each slice's patient, counted from 0 in the order in which they first appear.

    Args:
        records (Sequence[SliceRecord]): The slices.

    Returns:
        np.ndarray: int64 (n,).
    """
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(record.patient, len(numbers)) for record in records]
    return np.array(found, dtype=np.int64)


def all_once(num_patients: int) -> np.ndarray:
    """Weights that count each patient once.

    Args:
        num_patients (int): How many there are.

    Returns:
        np.ndarray: float64 (1, num_patients) of ones.
    """
    return np.ones((1, num_patients))


def counts_above(
    values: np.ndarray, patients: np.ndarray, limits: np.ndarray, num_patients: int
) -> np.ndarray:
    """How many values of each patient are strictly above each limit.

    Args:
        values (np.ndarray): (n,).
        patients (np.ndarray): (n,), the patient of each value.
        limits (np.ndarray): (k,).
        num_patients (int): How many patients there are.

    Returns:
        np.ndarray: float64 (num_patients, k), whole numbers.
    """
    counts = np.zeros((num_patients, len(limits)))
    for patient in np.unique(patients):
        own = np.sort(values[patients == patient])
        counts[patient] = len(own) - np.searchsorted(own, limits, side="right")
    return counts
