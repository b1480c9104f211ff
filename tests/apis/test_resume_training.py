"""What ``--resume`` puts into a config."""

import pytest
import torch
from mmengine.config import Config

from lidnet_mm.apis.resume_training import resume_training


@pytest.fixture
def config(tmp_path):
    """A config whose work dir is empty."""
    return Config({"work_dir": str(tmp_path), "resume": False, "load_from": None})


def test_nothing_to_resume_trains_from_the_start(config):
    resume_training(config)
    assert (config.resume, config.load_from) == (False, None)


def test_newest_checkpoint_by_its_path(config, tmp_path):
    """MMEngine would take what its note says."""
    torch.save({}, tmp_path / "iter_7.pth")
    (tmp_path / "last_checkpoint").write_text("/gone/iter_7.pth")
    resume_training(config)
    assert (config.resume, config.load_from) == (True, str(tmp_path / "iter_7.pth"))


def test_named_checkpoint_wins(config, tmp_path):
    for number in (7, 8):
        torch.save({}, tmp_path / f"iter_{number}.pth")
    resume_training(config, str(tmp_path / "iter_7.pth"))
    assert config.load_from == str(tmp_path / "iter_7.pth")
    with pytest.raises(FileNotFoundError, match="there is no checkpoint gone"):
        resume_training(config, "gone.pth")
