"""Lines of a long validation or test."""

from types import SimpleNamespace

import pytest

from lidnet_mm.engine.progress_hook import ProgressHook


@pytest.mark.parametrize("mode", ["val", "test"])
def test_a_line_each_some_seconds(monkeypatch, mode):
    lines, clock = [], iter([100.0, 103.0, 111.0, 112.0, 121.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    runner = SimpleNamespace(
        logger=SimpleNamespace(info=lines.append),
        log_processor=SimpleNamespace(
            get_log_after_iter=lambda runner, batch, mode: ({}, f"{mode} {batch}")
        ),
    )
    hook = ProgressHook(seconds=10)
    getattr(hook, f"before_{mode}_epoch")(runner)
    for batch in range(4):
        getattr(hook, f"after_{mode}_iter")(runner, batch)
    assert lines == [f"{mode} 1", f"{mode} 3"]


def test_no_time_between_lines():
    with pytest.raises(ValueError, match="seconds must be above 0"):
        ProgressHook(seconds=0)
