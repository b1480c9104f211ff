"""A data set of known pixels, written by SimpleITK, and a reading of its page apart from ours."""

import base64
import json
import zlib
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
import SimpleITK

BOX = (6, 8, 16, 14)
"""x1 y1 x2 y2 of the lesion of slice 1: the only pixels of 300 HU."""
SHAPE = (24, 32)
SPACING = (0.5, 0.75)
LDCT_OFFSET = 40
"""LDCT minus NDCT of the pairs, everywhere."""
VOID = {"meta", "img", "br", "input"}


def write_volume(path, array):
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing([SPACING[1], SPACING[0], 3.0])
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(image, str(path))


def ndct_of(patient):
    """Three slices, a gradient of HU that tells every pixel; a lesion on slice 1."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    volume = np.stack([rows * 3 + columns + 10 * index + patient for index in range(3)])
    x1, y1, x2, y2 = BOX
    volume[1, y1:y2, x1:x2] = 300
    return volume.astype(np.int16)


def _records(patient, paired):
    for index in range(3):
        record = {
            "id": 3 * patient + index + 1,
            "file_name": f"volumes/case_{patient + 1:04d}.nii",
            "slice_index": index,
            "height": SHAPE[0],
            "width": SHAPE[1],
            "patient_id": f"case_{patient + 1:04d}",
            "spacing": list(SPACING),
            "slice_thickness": 3.0,
        }
        if paired:
            record["ldct_file_name"] = f"low/case_{patient + 1:04d}.nii"
        yield record


def make_root(root, paired=True, attributes=None, parts=("train",)):
    x1, y1, x2, y2 = BOX
    for number, part in enumerate(parts):
        patients = (2 * number, 2 * number + 1)
        images = [record for patient in patients for record in _records(patient, paired)]
        boxes = [
            {
                "id": patient + 1,
                "image_id": 3 * patient + 2,
                "category_id": 1,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": 60,
                "iscrowd": 0,
                **(attributes or {}),
            }
            for patient in patients
        ]
        content = {
            "images": images,
            "annotations": boxes,
            "categories": [{"id": 1, "name": "nodule"}],
        }
        path = root / "annotations" / f"{part}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        for patient in patients:
            volume = ndct_of(patient)
            write_volume(root / "volumes" / f"case_{patient + 1:04d}.nii", volume)
            if paired:
                write_volume(root / "low" / f"case_{patient + 1:04d}.nii", volume + LDCT_OFFSET)
    return root


def config_text(root, steps="", window="(-50, 350)", loaders=("train",)):
    lines = [
        "model = dict(",
        "    type='lidnet_mm.LIDDetector',",
        f"    data_preprocessor=dict(window=(-1000, 1000)), detector_windows=[{window}])",
        f"data_root = {str(root)!r}",
    ]
    for loader in loaders:
        lines.append(
            f"{loader}_dataloader = dict(dataset=dict(type='lidnet_mm.CTLesionDataset',"
            f" data_root=data_root, ann_file='annotations/{loader}.json',"
            " metainfo=dict(classes=('nodule',)), pipeline=[dict(type='lidnet_mm.LoadCTSlice'),"
            " dict(type='LoadAnnotations', with_bbox=True), dict(type='lidnet_mm.LoadPairedLDCT'),"
            f" {steps} dict(type='lidnet_mm.PackLIDInputs')]))"
        )
    return "\n".join(lines) + "\n"


def unpack(text, step, shape):
    """HU of a packed image, one pixel after the other, in Python's whole numbers."""
    planes = zlib.decompress(base64.b64decode(text))
    height, width = shape
    assert len(planes) == 2 * height * width
    levels = {}
    for at in range(height * width):
        y, x = divmod(at, width)
        folded = 256 * planes[at] + planes[height * width + at]
        residual = folded // 2 if folded % 2 == 0 else -(folded + 1) // 2
        level = (levels.get((y, x - 1), 0) + levels.get((y - 1, x), 0)) // 2 + residual
        levels[y, x] = (level + 32768) % 65536 - 32768
    return np.array([levels[at] for at in sorted(levels)]).reshape(shape) * step


class Page(HTMLParser):
    """Elements, texts and slices of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.texts = [], [], [], []
        self.articles, self.images = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag not in VOID:
            self.open.append((tag, attrs))
        if tag == "article":
            self.articles.append(SimpleNamespace(attrs=attrs, panels={}, texts=[]))
        elif tag == "figure" and "data-panel" in attrs:
            self.panel = SimpleNamespace(attrs=attrs, boxes=[], packed=None)
            self.articles[-1].panels[attrs["data-panel"]] = self.panel
        elif tag == "canvas":
            self.panel.shape = int(attrs["height"]), int(attrs["width"])
            self.panel.label = attrs["aria-label"]
        elif tag == "rect":
            self.panel.boxes.append([float(attrs[k]) for k in ("x", "y", "width", "height")])

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        tag, attrs = self.open[-1] if self.open else ("", {})
        if attrs.get("class") == "pixels":
            self.panel.hu = unpack(data, int(attrs["data-step"]), self.panel.shape)
        elif tag not in ("script", "style"):
            self.texts.append(data)
            if self.articles and any(tag == "article" for tag, _ in self.open):
                self.articles[-1].texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="session")
def dataset():
    """The known data set: its numbers, and what writes and reads it."""
    return SimpleNamespace(
        BOX=BOX,
        SHAPE=SHAPE,
        SPACING=SPACING,
        LDCT_OFFSET=LDCT_OFFSET,
        ndct_of=ndct_of,
        write_volume=write_volume,
        make_root=make_root,
        config_text=config_text,
        unpack=unpack,
        Page=Page,
    )


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Data root of two patients with true pairs; not to be changed."""
    attributes = {"diameter_mm": 7.5, "lesion_type": "lung <x>", "long": False}
    return make_root(tmp_path_factory.mktemp("data") / "mine", attributes=attributes)


@pytest.fixture
def read_config(tmp_path):
    """Function that writes a config of the data and loads it."""
    from lidnet_mm.apis.load_config import load_config

    def read(root, *args, **kwargs):
        path = tmp_path / "browsed.py"
        path.write_text(config_text(root, *args, **kwargs))
        return load_config(path)

    return read
