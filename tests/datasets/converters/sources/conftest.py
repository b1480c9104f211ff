"""Running a converter as its command line does."""

import json
from collections.abc import Callable

import pytest

from lidnet_mm.datasets.converters.command_line import parse, run


@pytest.fixture
def find_cases(tmp_path) -> Callable:
    """Function that lists the cases of a source, with options as on the command line."""

    def find(converter, source, *arguments: str):
        options = parse(converter, arguments=[str(source), str(tmp_path / "out"), *arguments])
        return converter.find_cases(source, options)

    return find


@pytest.fixture
def converted(tmp_path) -> Callable:
    """Function that converts a source and returns its json documents by part."""

    def convert(converter, source, *arguments: str, status: int = 0) -> dict[str, dict]:
        out = tmp_path / "converted"
        assert run(converter, "a tool", [str(source), str(out), *arguments]) == status
        folder = out / "annotations"
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}

    return convert


@pytest.fixture
def boxes_by_slice() -> Callable:
    """Function that lists the boxes of a document by (patient, slice)."""

    def collect(document: dict) -> dict[tuple[str, int], list[dict]]:
        places = {
            image["id"]: (image["patient_id"], image["slice_index"]) for image in document["images"]
        }
        found: dict[tuple[str, int], list[dict]] = {place: [] for place in places.values()}
        for annotation in document["annotations"]:
            found[places[annotation["image_id"]]].append(annotation)
        return found

    return collect
