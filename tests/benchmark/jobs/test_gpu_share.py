"""GPUs of jobs, on a machine that only says that it has some. None was there to run this on."""

import json
import os
import socket

import pytest
import torch

from lidnet_mm.benchmark.jobs.free_ports import FreePorts
from lidnet_mm.benchmark.jobs.gpu_share import GPUShare, TooFewGPUsError, visible_gpus
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.matrix import Matrix


@pytest.fixture
def machine(monkeypatch):
    """Function that gives the machine so many GPUs, and names to see some of them by."""

    def has(count, visible=None):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return has


@pytest.mark.parametrize(
    ("count", "visible", "names"),
    [
        (0, None, []),
        (2, None, ["0", "1"]),
        (2, "5, 3", ["5", "3"]),
        (1, "GPU-8932f937", ["GPU-8932f937"]),
        (0, "", []),
        (0, "-1", []),
        (1, "2,-1,3", ["2"]),  # CUDA stops at the first that is none
    ],
)
def test_visible(machine, count, visible, names):
    machine(count, visible)
    assert visible_gpus() == names


class TestShare:
    def test_each_its_own(self, machine):
        machine(5)
        share = GPUShare(2)
        with share.taken() as first, share.taken() as second:
            assert (first, second) == (["0", "1"], ["2", "3"])
        with share.taken() as again:
            assert again == ["0", "1"]

    def test_more_jobs_than_gpus(self, machine):
        machine(2)
        share = GPUShare(1)
        with share.taken() as a, share.taken() as b, share.taken() as c, share.taken() as d:
            assert [a, b, c, d] == [["0"], ["1"], ["0"], ["1"]]

    def test_the_one_that_is_free(self, machine):
        machine(2)
        share = GPUShare(1)
        first = share.taken()
        first.__enter__()
        with share.taken():
            first.__exit__(None, None, None)
            with share.taken() as found:
                assert found == ["0"]

    def test_none(self, machine):
        machine(0)
        with GPUShare(3).taken() as found:
            assert found == []

    def test_too_few(self, machine):
        machine(2)
        with pytest.raises(TooFewGPUsError, match=r"needs 4 GPUs \(--gpus\), 2 can be seen"):
            GPUShare(4)


def test_ports_are_free_and_given_once():
    ports = FreePorts()
    found = [ports.next() for _ in range(20)]
    assert len(set(found)) == 20
    with socket.socket() as probe:
        probe.bind(("", found[0]))


class TestRun:
    @pytest.fixture
    def matrix(self, write_comparison, tmp_path, monkeypatch):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
        return Matrix.from_file(write_comparison(), tmp_path / "work")

    @pytest.fixture
    def run(self, matrix, calls, tmp_path):
        """Function that runs it, and returns the calls with what each of them saw."""

        def run_it(jobs, gpus):
            assert not run_matrix(matrix, jobs, lambda line: None, gpus=gpus)
            lines = (tmp_path / "calls.jsonl.seen").read_text().splitlines()
            run_it.seen = [json.loads(line) for line in lines]
            return [(seen["call"], seen) for _, seen in run_it.seen if seen is not None]

        return run_it

    def test_one_process_a_job(self, run, machine):
        """As without GPUs, but that no two jobs of the same time have one."""
        machine(2)
        found = run(1, 1)
        assert {note["gpus"] for _, note in found} == {"0"}
        assert not any("--launcher" in call for call, _ in found)

    def test_two_jobs_at_a_time(self, run, machine, monkeypatch):
        machine(2, "6,7")
        monkeypatch.setenv("FAKE_SECONDS", "0.5")
        found = run(2, 1)
        assert {note["gpus"] for call, note in found if call[0] == "train"} == {"6", "7"}
        running = {}
        for process, seen in run.seen:
            if seen is None:
                del running[process]
            else:
                assert seen["gpus"] not in running.values()
                running[process] = seen["gpus"]

    def test_several_processes_a_training(self, run, machine):
        """A score is of one, whatever trains."""
        machine(4)
        found = run(2, 2)
        ports = []
        for call, note in found:
            if call[0] == "train":
                assert call[3:7] == ["--launcher", "pytorch", "--gpus", "2"]
                assert call[7] == "--port"
                ports.append(call[8])
                assert note["gpus"] in ("0,1", "2,3")
                assert note["threads"] == 2
            else:
                assert not {"--launcher", "--gpus", "--port"} & set(call)
                assert note["gpus"] in ("0", "2")
                assert note["threads"] == 4
        assert len(ports) == len(set(ports)) == 5

    def test_processes_without_gpus(self, run, machine):
        machine(0)
        found = run(1, 2)
        assert {note["gpus"] for _, note in found} == {None}
        assert all(("--launcher" in call) == (call[0] == "train") for call, _ in found)

    def test_too_few_start_nothing(self, matrix, machine, calls):
        machine(1)
        with pytest.raises(TooFewGPUsError):
            run_matrix(matrix, 1, lambda line: None, gpus=2)
        assert not calls()

    def test_no_gpus(self, matrix):
        with pytest.raises(ValueError, match="gpus must be at least 1, got 0"):
            run_matrix(matrix, 1, gpus=0)
