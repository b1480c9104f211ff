"""Reading configs: where the data root goes, and what is refused."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from lidnet_mm.apis.load_config import judge_path, load_config

BASE = """
data_root = 'data/old'
def_loader = dict(dataset=dict(type='A', data_root=data_root, ann_file='annotations/train.json'))
train_dataloader = def_loader
val_dataloader = dict(dataset=dict(type='A', data_root=data_root, ann_file='annotations/val.json'))
test_dataloader = dict(dataset=dict(type='A', data_root=data_root, ann_file='a/test.json'))
val_evaluator = dict(type='M', ann_file=data_root + '/annotations/val.json')
test_evaluator = [dict(type='M', ann_file=data_root + '/annotations/test.json'), dict(type='N')]
"""
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


def roots(config):
    return [config[name].dataset.data_root for name in LOADERS]


def annotations(config):
    """Annotation files of the metrics."""
    return [config.val_evaluator.ann_file, config.test_evaluator[0].ann_file]


class TestDataRoot:
    def test_unchanged_without_override(self, write):
        path = write(BASE)
        loaded, plain = load_config(path).to_dict(), Config.fromfile(path).to_dict()
        assert loaded == plain

    def test_option_moves_loaders_and_metrics(self, write):
        config = load_config(write(BASE), {"data_root": "/somewhere/new"})
        assert config.data_root == "/somewhere/new"
        assert roots(config) == ["/somewhere/new"] * 3
        assert annotations(config) == [
            "/somewhere/new/annotations/val.json",
            "/somewhere/new/annotations/test.json",
        ]

    def test_child_config_moves_them(self, write):
        write(BASE, "base.py")
        config = load_config(write("_base_ = './base.py'\ndata_root = 'data/child'"))
        assert roots(config) == ["data/child"] * 3
        assert annotations(config)[1] == "data/child/annotations/test.json"

    def test_option_over_child_config(self, write):
        write(BASE, "base.py")
        child = write("_base_ = './base.py'\ndata_root = 'data/child'")
        config = load_config(child, {"data_root": "data/option"})
        assert roots(config) == ["data/option"] * 3
        assert annotations(config)[0] == "data/option/annotations/val.json"

    def test_new_root_inside_the_old_one(self, write):
        config = load_config(write(BASE), {"data_root": "data/old/part"})
        assert annotations(config) == [
            "data/old/part/annotations/val.json",
            "data/old/part/annotations/test.json",
        ]

    def test_external_test_set_stays(self, write):
        text = BASE + "test_dataloader = dict(dataset=dict(type='A', data_root='data/external'))\n"
        text += "test_evaluator = [dict(type='M', ann_file='data/external/test.json')]\n"
        for options in (None, {"data_root": "data/new"}):
            config = load_config(write(text), options)
            train = options["data_root"] if options else "data/old"
            assert roots(config) == [train, train, "data/external"]
            assert annotations(config)[1] == "data/external/test.json"

    def test_wrapped_data_sets(self, write):
        text = BASE + (
            "one = dict(type='A', data_root=data_root)\n"
            "train_dataloader = dict(dataset=dict(type='RepeatDataset', dataset=one, times=2))\n"
            "test_dataloader = dict(dataset=dict(type='ConcatDataset', datasets=[one, one]))\n"
        )
        config = load_config(write(text), {"data_root": "data/new"})
        assert config.train_dataloader.dataset.dataset.data_root == "data/new"
        assert "data_root" not in config.train_dataloader.dataset
        inside = config.test_dataloader.dataset.datasets
        assert [dataset.data_root for dataset in inside] == ["data/new", "data/new"]

    def test_option_for_one_loader_wins(self, write):
        options = {"data_root": "data/new", "test_dataloader.dataset.data_root": "data/other"}
        config = load_config(write(BASE), options)
        assert roots(config) == ["data/new", "data/new", "data/other"]

    def test_config_without_any_data_root(self, write):
        text = "train_dataloader = dict(dataset=dict(type='A', ann_file='x.json'))"
        config = load_config(write(text))
        assert "data_root" not in config.train_dataloader.dataset


def test_other_options(write):
    config = load_config(write(BASE), {"test_evaluator.1.type": "P", "randomness.seed": 3})
    assert (config.test_evaluator[1].type, config.randomness.seed) == ("P", 3)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config .*no_such\.py does not exist"):
        load_config(tmp_path / "no_such.py")


def test_saved_copy_has_another_name(write, tmp_path):
    """In a checkout mim would refuse to choose between two files of one name."""
    path = write(BASE)
    config = load_config(path)
    assert Path(config.filename).parent == path.parent
    saved = tmp_path / "work" / Path(config.filename).name
    saved.parent.mkdir()
    config.dump(saved)
    assert saved.name == "resolved_config.py"
    assert Config.fromfile(saved).to_dict() == config.to_dict()


def test_saved_copy_of_a_lidnet_with_an_inherited_detector(repository, tmp_path):
    config = load_config(repository / "configs" / "lidnet" / "lidnet_cpce_dino_r18_sts.py")
    saved = tmp_path / "saved.py"
    config.dump(saved)
    assert Config.fromfile(saved).to_dict() == config.to_dict()
    assert load_config(saved).to_dict() == config.to_dict()


class TestJudge:
    def test_relative_to_the_config(self, write, tmp_path):
        config = load_config(write("judge = '../judges/one.py'", "lidnet/config.py"))
        assert judge_path(config) == tmp_path.resolve() / "judges" / "one.py"

    def test_complete_path(self, write):
        config = load_config(write("judge = '/models/judge.py'"))
        assert judge_path(config) == Path("/models/judge.py")

    @pytest.mark.parametrize("options", [None, {"judge": "../judges/one.py"}])
    def test_copy_in_the_work_dir_names_the_same(self, write, tmp_path, options):
        config = load_config(write("judge = '../judges/one.py'", "lidnet/config.py"), options)
        saved = tmp_path / "work" / "run" / Path(config.filename).name
        saved.parent.mkdir(parents=True)
        config.dump(saved)
        expected = tmp_path.resolve() / "judges" / "one.py"
        assert judge_path(config) == judge_path(load_config(saved)) == expected

    def test_inherited_into_another_folder(self, write, tmp_path):
        judge = write("x = 1", "configs/judges/one.py")
        write("judge = '../judges/one.py'", "configs/lidnet/base.py")
        write("_base_ = './base.py'", "configs/lidnet/child.py")
        bases = ["../configs/lidnet/child.py", "mmdet::_base_/models/faster-rcnn_r50_fpn.py"]
        own = write(f"_base_ = {bases}", "study/config.py")
        assert judge_path(load_config(own)) == Path(judge).resolve()

    def test_beside_the_config_comes_first(self, write, tmp_path):
        write("x = 1", "configs/judges/one.py")
        write("judge = '../judges/one.py'", "configs/lidnet/base.py")
        nearer = write("x = 2", "judges/one.py")
        own = write("_base_ = '../configs/lidnet/base.py'", "study/config.py")
        assert judge_path(load_config(own)) == Path(nearer).resolve()

    def test_of_an_inherited_config_of_this_package(self, write, repository):
        own = write("_base_ = 'lidnet_mm::lidnet/lidnet_cpce_faster-rcnn_r18_sts.py'")
        expected = repository / "configs" / "judges" / "judge_faster-rcnn_r18_sts.py"
        assert judge_path(load_config(own)) == expected

    @pytest.mark.parametrize("text", ["data_root = 'x'", "judge = ''", "judge = None"])
    def test_none_named(self, write, text):
        config = load_config(write(text))
        with pytest.raises(KeyError, match=r"config\.py names no judge: add judge='\.\./judges"):
            judge_path(config)


@pytest.mark.parametrize(
    "name", ["lidnet/lidnet_cpce_faster-rcnn_r18_sts.py", "baselines/cpce_l1_sts.py"]
)
def test_shipped_configs(repository, name):
    """The configs of the STS table, moved to other data, name a judge that moves with them."""
    config = load_config(repository / "configs" / name, {"data_root": "/ct"})
    judge = load_config(judge_path(config), {"data_root": "/ct"})
    for each in (config, judge):
        assert each.train_dataloader.dataset.data_root == "/ct"
        assert each.test_dataloader.dataset.data_root == "/ct"
        assert each.test_evaluator[0].ann_file == "/ct/annotations/test.json"


class TestDose:
    @pytest.fixture
    def config_file(self, repository):
        return repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"

    def test_one_option_sets_the_dose_of_all_pipelines(self, config_file):
        config = load_config(config_file, {"low_dose.noise_hu": 35})
        for name in ("train_dataloader", "test_dataloader"):
            simulated = [t for t in config[name].dataset.pipeline if "SimulateLowDose" in t.type]
            assert [t.noise_hu for t in simulated] == [35]

    def test_one_option_bounds_the_cache_of_slices_of_all_pipelines(self, repository):
        file = repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r50.py"
        config = load_config(file, {"load_slice.cache_gib": 7})
        for name in LOADERS:
            loads = [t for t in config[name].dataset.pipeline if "LoadCTSlice" in t.type]
            assert [t.cache_gib for t in loads] == [7]

    @pytest.mark.parametrize(
        ("option", "instead"),
        [
            ("detector.backbone.depth", "model.detector (model in a judge).backbone.depth"),
            ("denoiser.critic", "model (model.denoiser in a LIDnet).critic"),
            ("train_pipeline", "train_dataloader.dataset.pipeline"),
        ],
    )
    def test_options_that_change_nothing_are_refused(self, config_file, option, instead):
        with pytest.raises(ValueError, match=f"{option} has no effect.*set {re.escape(instead)}"):
            load_config(config_file, {option: 1})
