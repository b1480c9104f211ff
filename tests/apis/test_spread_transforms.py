"""The dose at the top reaches all pipelines, except where one has its own."""

import pytest

from lidnet_mm.apis.load_config import load_config

BASE = """
low_dose = dict(type='lidnet_mm.SimulateLowDose', noise_hu=60, num_views=360, seed=0)
train_pipeline = [dict(type='B'), low_dose]
test_pipeline = [low_dose]
train_dataloader = dict(dataset=dict(type='A', pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(type='A', pipeline=test_pipeline))
"""
CHILD = "_base_ = './base.py'\n"


@pytest.fixture
def doses(write):
    """Function that loads a child config and returns what its pipelines simulate."""

    def load(text, options=None, bases=(BASE,)):
        for number, base in enumerate(bases):
            name = "base.py" if number == len(bases) - 1 else f"base{number}.py"
            write(base, name)
        config = load_config(write(CHILD + text), options)
        train, test = (
            config[f"{name}_dataloader"].dataset.pipeline[-1] for name in ("train", "test")
        )
        return train, test

    return load


def test_a_childs_dose_is_that_of_all(doses):
    train, test = doses("low_dose = dict(noise_hu=120)")
    assert train == test
    assert (train.noise_hu, train.num_views) == (120, 360)


def test_over_several_files(doses):
    middle = "_base_ = './base0.py'\nlow_dose = dict(noise_hu=120)"
    assert [d.noise_hu for d in doses("randomness = dict()", bases=(BASE, middle))] == [120, 120]
    assert [d.noise_hu for d in doses("", {"low_dose.seed": 5}, (BASE, middle))] == [120, 120]


def test_an_option_for_one_pipeline_stands(doses):
    option = {"test_dataloader.dataset.pipeline.0.noise_hu": 120}
    assert [dose.noise_hu for dose in doses("", option)] == [60, 120]
    both = {**option, "low_dose.noise_hu": 30}
    assert [dose.noise_hu for dose in doses("", both)] == [30, 120]


def test_what_a_childs_pipeline_has_of_its_own_stays(doses):
    """Realizations for the training alone, while the dose of both changes."""
    text = (
        "low_dose = dict(noise_hu=120)\n"
        "train_pipeline = [dict(_base_.low_dose, realizations=8)]\n"
        "train_dataloader = dict(dataset=dict(pipeline=train_pipeline))\n"
    )
    train, test = doses(text)
    assert (train.noise_hu, train.realizations) == (120, 8)
    assert (test.noise_hu, test.get("realizations")) == (120, None)
    train, test = doses(text, {"low_dose.noise_hu": 30, "low_dose.seed": 1})
    assert (train.noise_hu, train.realizations, train.seed) == (30, 8, 1)
    assert (test.noise_hu, test.get("realizations"), test.seed) == (30, None, 1)


def test_a_pipeline_written_out_keeps_the_dose_it_inherits(doses):
    """Trained at 120 HU, and tested at 60, what the base says, too."""
    text = (
        "low_dose = dict(noise_hu=120)\n"
        "test_pipeline = [dict(type='C'), dict(type='lidnet_mm.SimulateLowDose', noise_hu=60)]\n"
        "test_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n"
    )
    train, test = doses(text)
    assert (train.noise_hu, test.noise_hu) == (120, 60)
    assert "num_views" not in test
    assert [d.noise_hu for d in doses(text, {"low_dose.noise_hu": 30})] == [30, 60]


def test_another_way_of_setting_the_dose_is_a_dose_of_its_own(doses):
    text = (
        "test_pipeline = [dict(type='lidnet_mm.SimulateLowDose', incident_photons=1e5)]\n"
        "test_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n"
    )
    train, test = doses(text, {"low_dose.noise_hu": 30, "low_dose.num_views": 90})
    assert (train.noise_hu, test.get("noise_hu"), test.incident_photons) == (30, None, 1e5)
    assert (train.num_views, test.num_views) == (90, 90)


def test_another_transform_altogether(doses):
    text = "low_dose = dict(_delete_=True, type='lidnet_mm.LoadPairedLDCT', x=1)"
    assert list(doses(text)) == [{"type": "lidnet_mm.LoadPairedLDCT", "x": 1}] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train_dataloader = None\ntest_dataloader = None", "no pipeline with lidnet_mm.Sim"),
        (
            "mine = [dict(type='lidnet_mm.SimulateLowDose', noise_hu=9)]\n"
            "train_dataloader = dict(dataset=dict(pipeline=mine))\n"
            "test_dataloader = dict(dataset=dict(pipeline=mine))",
            "all pipelines of config.py have such settings .*train_dataloader.dataset.pipeline.0",
        ),
    ],
)
def test_a_dose_that_nothing_follows(doses, text, message):
    with pytest.raises(ValueError, match=f"options of low_dose have no effect: .*{message}"):
        doses(text, {"low_dose.noise_hu": 30})


def test_a_config_without_a_dose(write):
    path = write("test_dataloader = dict(dataset=dict(type='A', pipeline=[dict(type='B')]))")
    with pytest.raises(ValueError, match="options of low_dose have no effect"):
        load_config(path, {"low_dose.noise_hu": 30})
