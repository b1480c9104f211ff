"""Tensors and plain values come out of a file, and nothing else happens."""

import pickle
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from attack_files import ATTACKS, Call, write_attack
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import _safe_torch_load
from torch import nn

from lidnet_mm import plain_unpickler
from lidnet_mm.weights_file import FORCED, UnsafeCheckpointError, read_weights_file

PLAIN = {
    "text": "a",
    "bytes": b"\x00\xff",
    "numbers": [1, -(10**30), 2.5, 1j, True, None],
    "tuple": (1, (2,), ()),
    "set": {1, 2},
    "frozenset": frozenset({3}),
    "counter": Counter([4, 4, 5]),
    "ordered": OrderedDict(b=1, a=2),
    "size": torch.Size([2, 3]),
    "device": torch.device("cpu"),
    "dtype": torch.bfloat16,
    "slice": slice(1, 5, 2),
}
TENSORS = {
    "view": torch.arange(12.0).reshape(3, 4).t()[1:, ::2],
    "half": torch.ones(2, dtype=torch.bfloat16),
    "none": torch.zeros(0, 3),
    "scalar": torch.tensor(7),
    "bool": torch.tensor([True, False]),
}
ARRAYS = {
    "big endian": np.arange(6, dtype=">i4").reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "flags": np.array([True, False]),
    "single": np.array(2.5, np.float32),
    "number": np.float64(0.1),
}


@pytest.fixture
def trace(tmp_path):
    """What code of a file would make."""
    return tmp_path / "trace"


def saved(content, path, new=True):
    torch.save(content, path, _use_new_zipfile_serialization=new)
    return path


@pytest.mark.parametrize("new", [True, False], ids=["zip", "old format"])
class TestPlain:
    def test_values(self, tmp_path, new):
        assert read_weights_file(saved(PLAIN, tmp_path / "a.pth", new)) == PLAIN

    def test_tensors(self, tmp_path, new):
        content = {**TENSORS, "parameter": nn.Parameter(torch.ones(2), requires_grad=False)}
        read = read_weights_file(saved(content, tmp_path / "a.pth", new))
        for name, tensor in content.items():
            assert torch.equal(read[name], tensor), name
            assert (read[name].dtype, type(read[name])) == (tensor.dtype, type(tensor))

    def test_arrays(self, tmp_path, new):
        read = read_weights_file(saved(ARRAYS, tmp_path / "a.pth", new))
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(read[name], array)
            assert type(read[name]) is type(array)

    def test_logged_values_and_optimizer(self, tmp_path, new):
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.rand(1, 1, 5, 5)).sum().backward()
        optimizer.step()
        buffer = HistoryBuffer([0.5, 1.5], [1, 1], max_length=7)
        content = {"state": model.state_dict(), "adam": optimizer.state_dict(), "loss": buffer}
        read = read_weights_file(saved(content, tmp_path / "a.pth", new))
        assert read["state"]._metadata["1"]["version"] == 2
        assert (read["loss"].mean(), read["loss"].max_length) == (1.0, 7)
        assert read["loss"].statistics("max") == 1.5
        moments = read["adam"]["state"][0]["exp_avg"]
        assert torch.equal(moments, optimizer.state_dict()["state"][0]["exp_avg"])


def test_shared_storage_is_read_once(tmp_path):
    whole = torch.arange(10.0)
    read = read_weights_file(saved([whole, whole[2:]], tmp_path / "a.pth"))
    read[0][2] = 99
    assert read[1][0] == 99


class TestAttacks:
    @pytest.mark.parametrize("kind", ATTACKS)
    def test_is_refused_and_does_nothing(self, tmp_path, trace, kind):
        path = write_attack(kind, tmp_path / "evil.pth", trace, {"state_dict": TENSORS})
        with pytest.raises(UnsafeCheckpointError, match=r"evil\.pth is not loaded.*torch\.save"):
            read_weights_file(path)
        assert not trace.exists()

    @pytest.mark.parametrize("kind", ["call", "names", "names, old format"])
    def test_the_same_file_does_harm_where_mmengine_reads_it(self, tmp_path, trace, kind):
        """Otherwise the test before would prove nothing."""
        path = write_attack(kind, tmp_path / "evil.pth", trace, {})
        try:
            _safe_torch_load(str(path))
        except AttributeError:
            assert kind != "call"  # an open file is no tensor, but it is open
        assert trace.exists()

    def test_allowed_names_lists_are_not_taken_over(self, tmp_path, trace):
        path = write_attack("names", tmp_path / "evil.pth", trace, {})
        with (
            torch.serialization.safe_globals([getattr]),
            pytest.raises(UnsafeCheckpointError, match="the name"),
        ):
            read_weights_file(path)

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_bare_pickle(self, tmp_path, trace, protocol):
        path = tmp_path / "bare.pth"
        path.write_bytes(pickle.dumps(Call(Path.touch, trace), protocol))
        with pytest.raises(UnsafeCheckpointError, match=r"pathlib|pickle|instruction"):
            read_weights_file(path)
        assert not trace.exists()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (Call(getattr, HistoryBuffer, "update"), "the attribute 'update'"),
            (Call(getattr, "text", "mean"), "the attribute 'mean'"),
            (np.array([{}], dtype=object), "an array of"),
            (np.zeros(2, dtype=[("a", "f4")]), "an array of"),
            (nn.Linear(1, 1), "the name torch.nn.modules.linear.Linear"),
            (Call(set, [nn.Parameter(torch.ones(1))]), None),
            (Path("a"), "the name pathlib"),
        ],
        ids=["method", "owner", "objects", "structure", "module", "set of tensors", "path"],
    )
    def test_more_than_plain_values(self, tmp_path, content, message):
        path = saved({"a": content}, tmp_path / "more.pth")
        if message is None:
            assert len(read_weights_file(path)["a"]) == 1
            return
        with pytest.raises(UnsafeCheckpointError, match=message):
            read_weights_file(path)

    def test_methods_of_a_buffer_are_not_the_files(self, tmp_path):
        """MMEngine takes them over, for all buffers of the process."""
        buffer = HistoryBuffer([1.0], [1])
        buffer._statistics_methods = {
            **HistoryBuffer._statistics_methods,
            "mean": HistoryBuffer.min,
        }
        read_weights_file(saved(buffer, tmp_path / "a.pth"))
        assert HistoryBuffer._statistics_methods["mean"] is HistoryBuffer.mean

    @pytest.mark.parametrize(
        "program",
        [
            b"cmmengine.logging.history_buffer\nHistoryBuffer\n)R.",  # a class is not called
            b"ctorch._utils\n_rebuild_tensor\n}b.",  # a function gets no state
            b"(ccollections\nOrderedDict\no.",  # built in another way
            b"ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00kK\x01sb.",  # attributes
        ],
        ids=["class", "function", "instruction", "attributes"],
    )
    def test_pickles_by_hand(self, tmp_path, program):
        path = tmp_path / "hand.pth"
        path.write_bytes(program)
        with pytest.raises(UnsafeCheckpointError):
            read_weights_file(path)


def test_every_name_is_a_function_of_this_module_or_a_plain_type():
    for name, call in plain_unpickler.CALLS.items():
        assert call.__module__ == plain_unpickler.__name__, name


@pytest.mark.parametrize("size", [0, 3, 300, 1500])
def test_file_cut_short(tmp_path, size):
    path = saved({"weight": torch.rand(1000)}, tmp_path / "cut.pth")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"cut\.pth is (damaged|not loaded)"):
        read_weights_file(path)


def test_missing_file_or_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint .*gone\.pth"):
        read_weights_file(tmp_path / "gone.pth")
    with pytest.raises(IsADirectoryError, match=r"is a folder: name a checkpoint in it"):
        read_weights_file(tmp_path)


def test_pytorchs_own_list_cannot_be_asked_for(tmp_path, monkeypatch):
    path = saved({"a": 1}, tmp_path / "a.pth")
    monkeypatch.setenv(FORCED, "1")
    with pytest.raises(ValueError, match=f"unset {FORCED}"):
        read_weights_file(path)
