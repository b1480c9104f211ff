"""No tool writes over what it reads: each is given its own inputs as outputs."""

import hashlib
import importlib.util
import json
import sys

import nibabel
import numpy as np
import pytest

CONVERTERS = (
    "cad_pe", "deeplesion", "dicom", "fumpe", "insert_nodules", "lidc_idri", "luna16",
    "lung_pet_ct_dx", "mayo_ldct", "msd_lung", "nifti_masks", "voc_dicom",
)  # fmt: skip
CONFIG = """
data_root = '{root}/data'
test_dataloader = dict(dataset=dict(data_root='{root}/data', ann_file='annotations/train.json'))
train_dataloader = dict(dataset=dict(data_root='{root}/data', ann_file='annotations/train.json'))
model = dict(type='FasterRCNN')
"""
NO_OUTPUT = {"install", "doctor", "analysis_tools/main_effects"}
"""Writes into an environment of its own, and print what they find."""

CALLS = [
    *((f"dataset_converters/{name}", "source source") for name in CONVERTERS),
    *((f"dataset_converters/{name}", "source source/out") for name in CONVERTERS),
    *((f"dataset_converters/{name}", "linked .") for name in CONVERTERS),
    ("dataset_converters/nifti_masks", "source out --split train=1.0 --key old_key.csv"),
    ("dataset_converters/nifti_masks", "source out --split train=1.0 --key linked_key.csv"),
    ("dataset_converters/nifti_masks", "source out --split train=1.0 --key .out.partial/key.csv"),
    ("dataset_converters/nifti_masks", "source out --split train=1.0 --key .out.lock"),
    ("dataset_converters/nifti_masks", "source lockless --split train=1.0"),
    ("dataset_converters/nifti_masks", "source partly --split train=1.0"),
    ("dataset_converters/thorax_phantom", "data --patients 1"),
    ("dataset_converters/thorax_phantom", "thesis.tex --patients 1"),
    ("simulate_ldct", "data data --noise-hu 60"),
    ("simulate_ldct", "data . --noise-hu 60"),
    ("simulate_ldct", "data linked_data --noise-hu 60"),
    ("simulate_ldct", "data data/annotations --noise-hu 60"),
    ("simulate_ldct", "data data/volumes/new --noise-hu 60"),
    ("simulate_ldct", "data farm --noise-hu 60"),
    ("simulate_ldct", "data --noise-hu 60 --name .."),
    ("simulate_ldct", "data --noise-hu 60 --name ../.."),
    ("simulate_ldct", "data --noise-hu 60 --name a/b"),
    ("analysis_tools/browse_dataset", "config.py config.py"),
    ("analysis_tools/browse_dataset", "config.py linked.html"),
    ("analysis_tools/browse_dataset", "data data/annotations/train.json"),
    ("analysis_tools/browse_dataset", "data data/volumes/case_0001.nii.gz"),
    ("analysis_tools/psnr_by_dose", "data data/annotations/train.json --denoiser identity"),
    ("denoise", "source source --model identity"),
    ("denoise", "source source/out --model identity"),
    ("denoise", "source . --model identity"),
    ("export", "identity none weights.pth"),
    ("export", "identity none thesis.tex"),
    ("analysis_tools/nodule_gallery", "source source/new.png"),
    ("analysis_tools/nodule_gallery", "source thesis.tex"),
    ("curves", "scalars.json scalars.json"),
    ("curves", "scalars.json linked.png"),
    ("results_page", "results.json results.json"),
    ("results_page", "results.json evidence.json"),
    ("results_page", "results.json linked.md"),
    ("benchmark", "run comparison.py"),
    ("benchmark", "plan comparison.py --work-dir data/new"),
    ("benchmark", "plan comparison.py --work-dir thesis.tex"),
    ("detector_checkpoint", "export config.py weights.pth weights.pth"),
    ("detector_checkpoint", "import config.py weights.pth config.py"),
    ("train", "config.py --work-dir data/volumes"),
    ("train", "config.py --work-dir linked_data"),
    ("test", "config.py weights.pth --results data/annotations/train.json"),
    ("test", "config.py weights.pth --records data/annotations/train.json"),
    ("test", "config.py weights.pth --results config.py"),
    ("test", "config.py weights.pth --results new/details.json"),
    ("test", "config.py weights.pth --results new/records.json"),
    ("test", "config.py weights.pth --results new/one.json --records new/../new/one.json"),
    ("test", "config.py weights.pth --work-dir data/annotations"),
]


def digests(folder):
    """What each file holds, and where each link leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def inputs(tmp_path, monkeypatch):
    """Inputs of all tools in the working directory, and links to them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source" / "p1").mkdir(parents=True)
    for name in ("image", "mask"):
        values = np.zeros((8, 8, 2), np.int16) + (1 if name == "mask" else -20)
        image = nibabel.Nifti1Image(values, np.diag([-4.0, -4.0, 5.0, 1.0]))
        nibabel.save(image, tmp_path / "source" / "p1" / f"{name}.nii.gz")
    for folder in ("annotations", "volumes"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    volume = tmp_path / "data" / "volumes" / "case_0001.nii.gz"
    volume.write_bytes((tmp_path / "source" / "p1" / "image.nii.gz").read_bytes())
    image = {"id": 1, "file_name": "volumes/case_0001.nii.gz", "height": 8, "width": 8,
             "slice_index": 0, "patient_id": "case_0001", "spacing": [4.0, 4.0]}  # fmt: skip
    content = {"images": [image], "annotations": [], "categories": [{"id": 1, "name": "lesion"}]}
    (tmp_path / "data" / "annotations" / "train.json").write_text(json.dumps(content))
    (tmp_path / "config.py").write_text(CONFIG.format(root=tmp_path))
    (tmp_path / "scalars.json").write_text('{"loss": 1.0, "iter": 1}\n{"loss": 1.0, "iter": 2}\n')
    for name in ("old_key.csv", "thesis.tex", "results.json", "evidence.json", "weights.pth"):
        (tmp_path / name).write_text("what somebody needs")
    (tmp_path / "comparison.py").write_text(
        "title = 'x'\nseeds = [0]\nnum_cases = 0\ndata_root = 'data'\ncase_window = (-160, 240)\n"
        "methods = [dict(method='ldct'), dict(method='baseline', config='baseline.py')]\n"
    )
    (tmp_path / "baseline.py").write_text(
        "judge = 'config.py'\nmodel = dict(type='lidnet_mm.DenoisingModel',\n"
        "    generator=dict(type='lidnet_mm.CPCE'))\n"
    )
    (tmp_path / "work_dirs" / "comparison").mkdir(parents=True)
    (tmp_path / "work_dirs" / "comparison" / "results.json").write_text("[]")
    (tmp_path / "farm").mkdir()
    links = {"linked": "source", "linked_data": "data", "linked_key.csv": "old_key.csv",
             "linked.html": "config.py", "linked.png": "scalars.json", "linked.md": "evidence.json",
             ".lockless.lock": "thesis.tex", ".partly.partial": "data",
             "farm/volumes": tmp_path / "data" / "volumes"}  # fmt: skip
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    return tmp_path


def run(repository, monkeypatch, tool, words):
    """Exit status of a tool, in this process."""
    path = repository / "tools" / f"{tool}.py"
    monkeypatch.setattr(sys, "argv", [str(path), *words])
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if tool.removeprefix("dataset_converters/") in CONVERTERS:
        return converter_of(module, words)
    return module.main()


def converter_of(module, words):
    """What the last line of a converter's tool does."""
    (kind,) = (value for value in vars(module).values() if isinstance(value, type) and value.name)
    return module.run(kind(), "", words)


@pytest.mark.parametrize(("tool", "words"), CALLS)
def test_what_is_read_is_as_it_was(repository, inputs, monkeypatch, capsys, tool, words):
    before = digests(inputs)
    try:
        status = run(repository, monkeypatch, tool, words.split())
        message = capsys.readouterr().err
    except (SystemExit, ValueError) as error:  # train and test leave the line to their caller
        status, message = 1, f"error: {error}"
    assert status == (2 if tool == "denoise" else 1)  # 2: nothing at all was done
    line = message.strip().splitlines()[-1]
    assert line.startswith("error: ")
    assert any(
        word in line
        for word in ("lies in", "holds", "is the", "exists", "must end", "is a link", "no folder",
                     "is no name", "read for it", "was not made there", "is a volume",
                     "is written twice")
    ), line  # fmt: skip
    assert digests(inputs) == before


def test_every_tool_is_tried(repository):
    folder = repository / "tools"
    tools = {
        str(path.relative_to(folder).with_suffix(""))
        for path in folder.rglob("*.py")
        if not (path.parent / "__init__.py").exists()  # a part of the installer or the doctor
    }
    assert {tool for tool, _ in CALLS} | NO_OUTPUT == tools
