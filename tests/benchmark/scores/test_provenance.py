import subprocess

import mmengine
import torch

import lidnet_mm
from lidnet_mm.benchmark.scores.provenance import gather_provenance
from lidnet_mm.benchmark.scores.run_environment import current_commit, package_versions


def git(folder, *arguments):
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def test_versions_are_those_imported():
    versions = package_versions()
    # A wheel of some index names its CUDA in torch.__version__ only.
    assert versions["torch"].split()[0].split("+")[0] == torch.__version__.split("+")[0]
    assert versions["mmengine"].split()[0] == mmengine.__version__
    assert set(versions) == {"python", "torch", "mmengine", "mmcv", "mmdet", "lidnet_mm"}
    assert versions["lidnet_mm"] in (lidnet_mm.__version__, "not installed")


def test_commit_tells_modified_files(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("a")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-qm", "a")
    commit = git(tmp_path, "rev-parse", "HEAD")[:12]
    assert current_commit(tmp_path) == commit
    (tmp_path / "a.txt").write_text("b")
    assert current_commit(tmp_path) == f"{commit}-modified"


def test_commit_outside_a_checkout_is_unknown(tmp_path):
    assert current_commit(tmp_path) == "unknown"


def test_gathered_provenance_holds_no_machine_name():
    import platform

    provenance = gather_provenance({"judge": "a"}, (-160, 240), "60 HU")
    assert "CPU cores" in provenance.machine
    assert platform.node() not in provenance.machine


def test_the_commit_is_that_of_the_scores_and_the_page_says_its_own():
    now = current_commit()
    own = gather_provenance({}, (-1000, 1000), "x", {"Data": "y"}, commits=[now, now])
    assert (own.commit, own.notes) == (now, {"Data": "y"})
    older = gather_provenance({}, (-1000, 1000), "x", commits=["0123456789ab"] * 3)
    assert older.commit == "0123456789ab"
    assert older.notes == {"Page": f"written by commit {now}"}
    mixed = gather_provenance({}, (-1000, 1000), "x", commits=["b", "a", "b"])
    assert mixed.commit == "b, a"
