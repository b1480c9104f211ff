"""Pairing volumes with labels."""

from pathlib import Path

from lidnet_mm.datasets.converters.sources.masks.labelled_pairs import pair_cases


def test_pairs_are_read_in_natural_order_and_halves_are_left_out():
    volumes = {name: Path(f"/v/{name}") for name in ("10", "9", "3")}
    labels = {name: Path(f"/l/{name}") for name in ("9", "10", "4")}
    found = pair_cases(volumes, labels, lambda *files: files)
    assert [case.patient for case in found.cases] == ["9", "10"]
    assert found.cases[1].read() == ("10", Path("/v/10"), Path("/l/10"))
    assert [(left.what, left.source) for left in found.left_out] == [
        ("volume", "/v/3"),
        ("annotation", "/l/4"),
    ]
    assert not any("/" in left.reason for left in found.left_out)
