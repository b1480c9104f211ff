import json

import pytest

from lidnet_mm.visualization.dataset_page.parts import parts_of_config, parts_of_folder

CROP = "dict(type='RandomCrop', crop_size=(16, 16), allow_negative_crop=True),"
STEPS = f"{CROP} dict(type='RandomFlip', prob=1.0),"


def test_a_folder_gives_all_its_parts_training_first(dataset, tmp_path):
    dataset.make_root(tmp_path, parts=("test", "train", "extra"), paired=False)
    parts = parts_of_folder(tmp_path)
    assert [part.name for part in parts] == ["train", "test", "extra"]
    assert [len(part.slices) for part in parts] == [6, 6, 6]
    assert parts[0].slices[0].name.patient == "case_0003"
    assert not any(part.has_ldct for part in parts)
    assert [part.name for part in parts_of_folder(tmp_path, "extra")] == ["extra"]


def test_true_pairs_of_a_folder_are_loaded(root):
    (part,) = parts_of_folder(root)
    assert part.has_ldct
    assert part.steps == ("LoadCTSlice", "LoadAnnotations", "LoadPairedLDCT", "PackLIDInputs")
    assert part.class_names == ("nodule",)


def test_a_config_gives_its_own_pipeline_and_raw_leaves_augmentation_out(root, read_config):
    config = read_config(root, STEPS)
    (part,) = parts_of_config(config)
    assert part.name == "train"
    assert part.steps[3:5] == ("RandomCrop", "RandomFlip")
    (raw,) = parts_of_config(read_config(root, STEPS), raw=True)
    assert raw.steps == ("LoadCTSlice", "LoadAnnotations", "LoadPairedLDCT", "PackLIDInputs")


@pytest.mark.parametrize(
    ("noise_hu", "said"), [(60, "noise_hu=60"), ((15, 250), "noise_hu=15 to 250")]
)
def test_the_dose_is_said_and_no_path(root, read_config, noise_hu, said):
    simulation = {
        "type": "lidnet_mm.SimulateLowDose",
        "noise_hu": noise_hu,
        "cache_dir": "/secret",
    }
    config = read_config(root)
    pipeline = config.train_dataloader.dataset.pipeline
    pipeline[2] = simulation
    (part,) = parts_of_config(config)
    assert part.steps[2] == f"SimulateLowDose ({said})"


def test_wrapped_data_sets_are_found(root, read_config):
    config = read_config(root, STEPS)
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = {
        "type": "RepeatDataset",
        "times": 2,
        "dataset": {"type": "ConcatDataset", "datasets": [inner]},
    }
    (part,) = parts_of_config(config, raw=True)
    assert len(part.slices) == 12
    assert "RandomCrop" not in part.steps


@pytest.mark.parametrize(
    ("part", "loaders", "message"),
    [
        ("val", ("train", "test"), r"^browsed\.py has no val_dataloader: it has train, test"),
        (None, (), "no train_dataloader: nor any other"),
    ],
)
def test_a_config_without_that_part(root, read_config, part, loaders, message):
    with pytest.raises(ValueError, match=message):
        parts_of_config(read_config(root, loaders=loaders), part)


def test_the_first_part_there_is(root, read_config):
    config = read_config(root, loaders=("train",))
    config.test_dataloader = config.train_dataloader
    config.train_dataloader = None
    assert parts_of_config(config)[0].name == "test"


def test_a_pipeline_that_gives_no_hu_is_refused(root, read_config):
    config = read_config(root)
    config.train_dataloader.dataset.pipeline[-1] = {"type": "PackDetInputs"}
    with pytest.raises(ValueError, match=r"train part ends without lidnet_mm\.PackLIDInputs"):
        parts_of_config(config)


def test_missing_annotation_files_are_named(tmp_path, dataset, read_config):
    with pytest.raises(FileNotFoundError, match=r"has no annotations/\*\.json: give a folder"):
        parts_of_folder(tmp_path)
    root = dataset.make_root(tmp_path / "data")
    with pytest.raises(FileNotFoundError, match=r"no annotations/val\.json: it has train"):
        parts_of_folder(root, "val")
    (root / "annotations" / "train.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"annotations/train\.json does not exist"):
        parts_of_config(read_config(root))


@pytest.mark.parametrize("text", ["{", "[]", '{"images": [1], "categories": []}'])
def test_a_file_that_is_no_coco_is_refused(dataset, tmp_path, text):
    root = dataset.make_root(tmp_path)
    (root / "annotations" / "train.json").write_text(text)
    with pytest.raises(ValueError, match=r"train\.json is not (a COCO file|valid json)"):
        parts_of_folder(root)


def test_attributes_follow_the_box_of_their_slice(dataset, tmp_path):
    root = dataset.make_root(tmp_path, attributes={"diameter_mm": 7.5})
    path = root / "annotations" / "train.json"
    content = json.loads(path.read_text())
    content["annotations"][1]["diameter_mm"] = 9.5
    path.write_text(json.dumps(content))
    (part,) = parts_of_folder(root)
    infos = [part.dataset.get_data_info(index) for index in range(6)]
    told = [part.attributes_of(info) for info in infos]
    assert told == [[], [{"diameter_mm": 7.5}], [], [], [{"diameter_mm": 9.5}], []]
