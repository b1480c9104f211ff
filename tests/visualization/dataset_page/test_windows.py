import pytest

from lidnet_mm.visualization.dataset_page.windows import (
    PRESETS,
    choose_windows,
    config_windows,
)


@pytest.mark.parametrize(
    ("name", "level", "width"),
    [
        ("lung", -600, 1500),
        ("mediastinum", 50, 350),
        ("soft-tissue", 40, 400),
        ("abdomen", 50, 400),
        ("bone", 400, 1800),
    ],
)
def test_presets_have_the_usual_level_and_width(name, level, width):
    first = choose_windows([name])[0]
    assert (first.name, *first.window) == (name, level - width / 2, level + width / 2)


def test_all_windows_are_offered_once_the_chosen_first():
    windows = choose_windows(["bone"])
    assert windows[0].name == "bone"
    assert sorted(windows) == sorted(PRESETS)


CONFIG = {
    "model": {
        "type": "lidnet_mm.LIDDetector",
        "data_preprocessor": {"window": (-1000, 1000)},
        "denoiser": {"data_preprocessor": None},
        "detector": {
            "data_preprocessor": {
                "window": [-1000, 1000],
                "detector_windows": [(-160, 240), (-1000, 400)],
            }
        },
    }
}


def test_windows_of_a_config_come_first_the_detectors_before_the_networks():
    windows = choose_windows(None, config_windows(CONFIG))
    assert [(entry.title, *entry.window) for entry in windows[:3]] == [
        ("Detector", -160, 240),
        ("Detector", -1000, 400),
        ("Network input", -1000, 1000),
    ]
    assert choose_windows(["config"], config_windows(CONFIG))[0] == windows[0]
    assert config_windows({"train_dataloader": None}) == []


def test_own_limits_come_first():
    window = choose_windows(["-20", "80.5"], config_windows(CONFIG))[0]
    assert (window.title, *window.window) == ("As asked", -20, 80.5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["brain"], "there is no HU window 'brain': use soft-tissue, lung"),
        (["240", "-160"], "two finite, increasing limits"),
        (["lung", "bone"], "needs a name or two limits"),
        (["-160"], "there is no HU window '-160'"),
        (["1", "2", "3"], "there is no HU window '1 2 3'"),
        (["config"], "no HU window of a config here"),
    ],
)
def test_what_is_no_window_is_refused(words, message):
    with pytest.raises(ValueError, match=message):
        choose_windows(words)
