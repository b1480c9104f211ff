"""The metafile that ``mim search`` reads says what the cards say."""

import pytest
import yaml

from lidnet_mm.zoo.model_card import bundled_names, read_card

NAMES = [name for name in bundled_names() if read_card(name).weights]


@pytest.fixture(scope="module")
def models(repository):
    index = yaml.safe_load((repository / "model-index.yml").read_text())
    entries = [yaml.safe_load((repository / path).read_text()) for path in index["Import"]]
    return {model["Name"]: model for entry in entries for model in entry["Models"]}


def test_every_metafile_is_in_the_index(repository):
    index = yaml.safe_load((repository / "model-index.yml").read_text())
    found = (repository / "configs").glob("**/metafile.yml")
    assert index["Import"] == sorted(str(path.relative_to(repository)) for path in found)


def test_models_are_the_bundled_ones(models):
    assert sorted(models) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_files_are_those_of_the_card(repository, models, name):
    card, model = read_card(name), models[name]
    assert (repository / model["Weights"]).samefile(card.weights_file)
    assert model["Config"] == f"configs/zoo/{card.training['config']}"
    assert (repository / model["Config"]).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_metrics_are_scores_of_the_card(models, name):
    (result,) = models[name]["Results"]
    assert result["Metrics"]
    scores = read_card(name).scores["metrics"]
    assert {key: scores[key][0] for key in result["Metrics"]} == result["Metrics"]
