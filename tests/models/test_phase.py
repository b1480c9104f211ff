"""The phases of Algorithm 1."""

from lidnet_mm.models.phase import Phase


def test_phases_are_those_of_algorithm_1():
    assert {phase.value: phase.part for phase in Phase} == {
        "T1": "detector",
        "T2": "denoiser",
        "T2, critic": "critic",
        "T3": "detector",
    }


def test_numbers_and_descriptions_for_logs():
    assert [phase.number for phase in Phase] == [1, 2, 2, 3]
    assert Phase.DETECTOR_ON_NDCT.description == "detector on NDCT"
    assert Phase.DENOISER.description == "denoiser"
    assert Phase.CRITIC.description == "critic"
    assert Phase.DETECTOR_ON_DENOISED.description == "detector on denoised CT"
