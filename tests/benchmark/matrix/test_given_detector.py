"""A LIDnet whose detector begins with the weights of the table's judge."""

import pytest
from matrix_files import FILES, ONE_TABLE
from mim_calls import folder_of, option, quiet

from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.settings_mark import OtherSettingsError

JUDGE = """
model = dict(
    type='FasterRCNN', data_preprocessor=dict(type='DetDataPreprocessor'),
    backbone=dict(type='ResNet', depth={depth}, init_cfg=dict(type='Pretrained', checkpoint='a')))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=9)
"""
GIVEN = (
    ONE_TABLE
    + """
judges = ['judge_given.py', 'judge_b.py']
denoisers.pop('RED-CNN')
methods.append(dict(
    method='lidnet', name='given', config='lidnet.py', detector='judge',
    options={'train_cfg.pretrain_iters': 0, 'train_cfg.detector_iters': 0}))
"""
)


@pytest.fixture
def read_given(read_matrix, monkeypatch):
    """Function that reads the matrix, with a judge of a depth that is the LIDnet's detector."""

    def read(more="", depth=18):
        monkeypatch.setitem(FILES, "judge_given.py", JUDGE.format(depth=depth))
        return read_matrix(GIVEN + more)

    return read


def test_begins_with_the_judge(read_given, calls):
    """And after it; the LIDnet beside it trains a detector of its own."""
    matrix = read_given()
    assert not run_matrix(matrix, 2, quiet)
    judge = matrix.tables[0].judge
    trained = [call for call in calls() if call[0] == "train"]
    given = {folder_of(call): [a for a in call if a.startswith("load_from=")] for call in trained}
    assert given.pop("lidnet_given_cpce_seed0") == [f"load_from={judge.checkpoint}"]
    assert set(map(tuple, given.values())) == {()}
    assert "lidnet_cpce_seed0" in given
    names = [folder_of(call) for call in trained]
    assert names.index("judges/judge_given") < names.index("lidnet_given_cpce_seed0")
    (call,) = (call for call in trained if folder_of(call) == "lidnet_given_cpce_seed0")
    assert option(call, "--pretraining") is None


def test_row_is_an_ablation(read_given):
    """With a row beside that of the LIDnet that trains its own."""
    titles = {s.folder.name: s.entry.denoiser for s in read_given().tables[0].scorings}
    assert titles["lidnet_cpce_seed0"] == "CPCE"
    assert titles["lidnet_given_cpce_seed0"] == "CPCE (given)"


def test_another_judge_is_another_setting(read_given, calls):
    """Weights of an earlier judge are not kept in the denoiser that they guided."""
    matrix = read_given()
    run_matrix(matrix, 1, quiet)
    (given,) = (t for t in matrix.tables[0].trainings if t.detector is not None)
    judge = given.detector.config
    judge.write_text(judge.read_text().replace("max_iters=9", "max_iters=8"))
    with pytest.raises(OtherSettingsError) as found:
        matrix.tables[0].check_settings()
    assert str(given.folder) in str(found.value)
    assert "matched_cpce_seed0" not in str(found.value).replace("scores/matched_cpce_seed0", "")


@pytest.mark.parametrize(
    ("more", "depth", "message"),
    [
        ("methods[-1]['detector'] = 'mine'", 18, "must be 'judge', the main judge, got 'mine'"),
        ("methods[1]['detector'] = 'judge'", 18, "'matched' has no detector"),
        ("methods[-1]['options'] = {}", 18, "'lidnet_given_cpce'.* needs no T1"),
        ("", 34, r"the detector of .*lidnet\.py is not the judge's"),
    ],
)
def test_refused(read_given, more, depth, message):
    with pytest.raises(ValueError, match=message):
        read_given(f"{more}\n", depth)
