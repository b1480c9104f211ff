from lidnet_mm.benchmark.report.same_score_flags import same_score_flags


def test_equal_trainings_are_told_once(make_row):
    """By both judges and in two seeds it is still one sentence."""
    rows = [
        make_row("lidnet", seed, denoiser=name, judge=judge, AP50=40.0 + seed)
        for name in ("SSMS", "WGAN-VGG")
        for judge in ("a", "b")
        for seed in range(2)
    ]
    (flag,) = same_score_flags(rows)
    assert flag.startswith("STS, 60 HU noise: LIDnet of SSMS and of WGAN-VGG gave the same scores")


def test_what_differs_or_is_not_trained_is_no_twin(make_row):
    rows = [make_row("lidnet", denoiser="SSMS"), make_row("lidnet", denoiser="CPCE", AP50=40.1)]
    rows += [make_row("matched", denoiser="WGAN-VGG"), make_row("lidnet", 1, denoiser="WGAN-VGG")]
    rows += [make_row("classical", denoiser=name) for name in ("BM3D", "Bilateral")]
    assert same_score_flags(rows) == []
