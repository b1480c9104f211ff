"""``tools/analysis_tools/browse_dataset.py``, run as a user runs it, without a display."""

import importlib.util
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK

TOOL = ("tools", "analysis_tools", "browse_dataset.py")
CONFIG = """
model = dict(type='FasterRCNN', data_preprocessor=dict(detector_windows=[(-75, 125)]))
data_root = 'nowhere'
train_pipeline = [
    dict(type='lidnet_mm.LoadCTSlice'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='lidnet_mm.SimulateLowDose', noise_hu=40, num_views=16),
    dict(type='RandomCrop', crop_size=(16, 16), allow_negative_crop=True),
    dict(type='lidnet_mm.PackLIDInputs')]
train_dataloader = dict(dataset=dict(
    type='lidnet_mm.CTLesionDataset', data_root=data_root, ann_file='annotations/train.json',
    pipeline=train_pipeline))
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two patients of two slices, a cylinder of water; the first slice of each has a lesion."""
    folder = tmp_path_factory.mktemp("secret") / "mine"
    rows, columns = np.mgrid[:32, :32] - 15.5
    volume = np.where(np.hypot(rows, columns) < 12, 0, -1000).astype(np.int16)
    images, boxes = [], []
    (folder / "volumes").mkdir(parents=True)
    (folder / "annotations").mkdir()
    for patient in ("case_0001", "case_0002"):
        image = SimpleITK.GetImageFromArray(np.stack([volume, volume]))
        SimpleITK.WriteImage(image, str(folder / "volumes" / f"{patient}.nii"))
        boxes.append(
            {"id": len(boxes) + 1, "image_id": len(images) + 1, "category_id": 1,
             "bbox": [12, 12, 6, 8], "area": 48, "iscrowd": 0}
        )  # fmt: skip
        for index in range(2):
            images.append(
                {"id": len(images) + 1, "file_name": f"volumes/{patient}.nii", "height": 32,
                 "width": 32, "slice_index": index, "patient_id": patient,
                 "spacing": [1.0, 1.0], "slice_thickness": 1.0}
            )  # fmt: skip
    content = {
        "images": images,
        "annotations": boxes,
        "categories": [{"id": 1, "name": "lesion"}],
    }
    (folder / "annotations" / "train.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "browsed_here.py"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def tool(repository):
    spec = importlib.util.spec_from_file_location("browse", repository.joinpath(*TOOL))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def call(tool, tmp_path, monkeypatch, capsys):
    """Function that calls the tool; the page as text where it made one."""

    def run(data, *options, page="out/page.html"):
        path = tmp_path / page
        arguments = ["browse_dataset.py", data, path, *options]
        monkeypatch.setattr("sys.argv", [str(argument) for argument in arguments])
        status = tool.main()
        said = capsys.readouterr()
        text = path.read_text(encoding="utf-8") if path.is_file() else None
        return SimpleNamespace(status=status, out=said.out, err=said.err, text=text)

    return run


def slices(text):
    return re.findall(r'<h3 id="title-\d+">([^<]+?) *(?:<|$)', text)


def test_a_folder_by_the_command_line(repository, root, tmp_path):
    page = tmp_path / "page.html"
    environment = {"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(repository.joinpath(*TOOL)), str(root), str(page)],
        capture_output=True,
        text=True,
        env=environment,  # no DISPLAY
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"4 slices, 0\.\d MB: .*page\.html", done.stdout)
    text = page.read_text(encoding="utf-8")
    assert slices(text) == [
        f"case_000{patient}, slice {index}" for patient in (1, 2) for index in (0, 1)
    ]
    assert "<title>mine, train</title>" in text and "4 of 4 slices" in text
    assert str(root.parent.parent) not in text


def test_a_config_shows_its_pipeline(call, config, root):
    made = call(config, "--cfg-options", f"data_root={root}", "--difference", "--number", 3)
    assert made.status == 0, made.err
    assert len(slices(made.text)) == 3
    assert '<canvas width="16" height="16"' in made.text
    assert "RandomCrop" in made.text and "SimulateLowDose (noise_hu=40)" in made.text
    assert 'data-low="-75" data-high="125">Detector' in made.text
    assert str(root) not in made.text
    panels = re.findall(r'data-panel="(\w+)"( hidden)?', made.text)
    assert panels == [("ldct", ""), ("ndct", ""), ("difference", "")] * 3


def test_raw_slices_are_whole(call, config, root):
    made = call(config, "--raw", "--cfg-options", f"data_root={root}")
    assert '<canvas width="32" height="32"' in made.text
    assert "RandomCrop" not in made.text and "before augmentation" in made.text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--only", "lesions"), ["case_0001, slice 0", "case_0002, slice 0"]),
        (("--only", "negatives"), ["case_0001, slice 1", "case_0002, slice 1"]),
        (("--patient", "case_0002"), ["case_0002, slice 0", "case_0002, slice 1"]),
    ],
)
def test_what_is_shown(call, root, options, expected):
    made = call(root, *options)
    assert slices(made.text) == expected
    assert "2 of 4 slices</li>\n    <li>before augmentation</li>\n    <li>seed 0</li>" in made.text


def test_number_all_and_seed(call, root):
    assert len(slices(call(root, "--number", 1).text)) == 1
    assert len(slices(call(root, "--all").text)) == 4
    draws = {tuple(slices(call(root, "--number", 2, "--seed", seed).text)) for seed in range(5)}
    assert len(draws) > 1


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("lung",), 'data-low="-1350" data-high="150"'),
        (("-20", "55"), 'data-low="-20" data-high="55"'),
    ],
)
def test_the_window_that_a_page_opens_with(call, root, words, first):
    made = call(root, "--window", *words)
    assert re.search(r'<option (data-low="\S+" data-high="\S+")', made.text).group(1) == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--part", "val"), "has no annotations/val.json: it has train"),
        (("--patient", "case_0009"), "no slice is of patient case_0009"),
        (("--number", "0"), "at least one slice, not 0"),
        (("--window", "brain"), "there is no HU window 'brain'"),
        (("--difference",), "no LDCT to take the NDCT from"),
        (("--cfg-options", "data_root=x"), "--cfg-options are for a config"),
    ],
)
def test_errors_are_one_line_and_leave_no_page(call, root, tmp_path, options, message):
    made = call(root, *options)
    assert made.status == 1
    assert made.err.startswith("error: ") and message in made.err
    assert not list(tmp_path.rglob("*.html*"))


def test_data_that_is_not_there(call, config, tmp_path):
    made = call(tmp_path / "none")
    assert "none is neither a config nor a folder of data" in made.err
    made = call(config)
    assert "nowhere/annotations/train.json does not exist" in made.err
    made = call(config, "--part", "test")
    assert "error: browsed_here.py has no test_dataloader: it has train" in made.err
    made = call(tmp_path, page="")
    assert "is a folder: name the file" in made.err
    assert not list(tmp_path.rglob("*.html*"))


def test_a_damaged_volume_is_named_and_the_rest_is_shown(call, root, tmp_path):
    copy = tmp_path / "copy"
    (copy / "volumes").mkdir(parents=True)
    (copy / "annotations").symlink_to(root / "annotations")
    for path in (root / "volumes").iterdir():
        content = path.read_bytes()
        (copy / "volumes" / path.name).write_bytes(content[: 100 if "0002" in path.name else None])
    made = call(copy)
    assert made.status == 0
    assert len(slices(made.text)) == 4
    assert made.text.count("Unreadable: its volume is damaged") == 2
    assert "2 of 4 slices; the log" in made.text
    assert "2 unreadable" in made.out
