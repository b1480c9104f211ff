"""What CollaborativeTrainLoop updates, on which images, and when it validates."""

import copy
import itertools

import pytest
import torch
from torch import Tensor

# T1 T1 | T2 T2 T2 T3 | T2 T2 T2 T3
SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 3, "detector_iters": 1, "rounds": 2}
ROUND = ["denoiser"] * 3 + ["detector"]
UPDATED = ["detector"] * 2 + ROUND * 2


def differs(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """Names of the parameters and buffers that are not the same bits."""
    return {name for name in before if not torch.equal(before[name], after[name])}


@pytest.fixture(scope="module")
def trained(make_runner, tmp_path_factory):
    """A complete training."""
    runner = make_runner(tmp_path_factory.mktemp("run"), SCHEDULE)
    runner.train()
    return runner


@pytest.fixture(scope="module")
def observed(trained):
    """What was seen of it."""
    return trained.observer


class TestUpdates:
    def test_all_iterations_run(self, trained, observed):
        assert trained.iter == trained.max_iters == len(observed.logged) == len(UPDATED)

    def test_idle_half_keeps_all_bits(self, observed):
        for index, part in enumerate(UPDATED):
            idle = "denoiser" if part == "detector" else "detector"
            before, after = observed.states[index][idle], observed.states[index + 1][idle]
            assert not differs(before, after), f"iteration {index}"

    def test_active_half_moves(self, observed):
        for index, part in enumerate(UPDATED):
            assert differs(observed.states[index][part], observed.states[index + 1][part]), index

    def test_batch_norm_learns_only_with_its_half(self, observed):
        name = "backbone.bn1.num_batches_tracked"
        seen = [int(state["detector"][name]) for state in observed.states]
        assert seen == [0, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4]

    def test_denoiser_feels_the_detector(self, observed):
        for log, part in zip(observed.logged, UPDATED, strict=True):
            terms = {"loss_reconstruction", "loss_roi_perceptual"}
            assert "detector.loss_cls" in log
            assert terms <= set(log) if part == "denoiser" else not terms & set(log)

    def test_no_value_of_an_earlier_phase_is_logged_on(
        self, make_runner, small_lidnet, optimizers, tmp_path
    ):
        """Without L_det a denoiser step knows no accuracy, and only the detector's is clipped."""
        model, wrappers = copy.deepcopy(small_lidnet), copy.deepcopy(optimizers)
        model["detection_loss_weight"] = 0.0
        wrappers["detector"]["clip_grad"] = {"max_norm": 10}
        runner = make_runner(tmp_path, SCHEDULE, model=model, optim_wrapper=wrappers)
        runner.train()
        lasting = {"phase", "round", "time", "data_time", "denoiser.lr", "detector.lr"}
        for log, scalars, part in zip(
            runner.observer.logged, runner.observer.scalars, UPDATED, strict=True
        ):
            assert ("detector.acc" in log) == (part == "detector")
            norm = {"grad_norm"} if part == "detector" else set()
            assert scalars == {f"train/{name}" for name in {*log} | lasting | norm}


class TestImages:
    """Which images the detector is trained on."""

    @pytest.fixture(scope="class")
    def passes(self, make_runner, tmp_path_factory):
        """What reached the generator and the backbone, by iteration: (name, data, tensor)."""
        runner = make_runner(
            tmp_path_factory.mktemp("images"),
            {"pretrain_iters": 1, "denoiser_iters": 1, "detector_iters": 1, "rounds": 1},
        )
        kept = []

        def keep(name):
            def hook(module, inputs, output):
                entry = {
                    "iteration": runner.iter,
                    "module": name,
                    "input": inputs[0].detach().clone(),
                    "gradient": torch.is_grad_enabled(),
                    "training": module.training,
                    "norms_learn": any(
                        m.training for m in module.modules() if hasattr(m, "running_mean")
                    ),
                }
                if name == "generator":
                    entry["output"] = output.detach().clone()
                kept.append(entry)

            return hook

        runner.model.denoiser.generator.register_forward_hook(keep("generator"))
        runner.model.detector.backbone.register_forward_hook(keep("backbone"))
        runner.train()
        return runner, kept

    @staticmethod
    def of(passes, iteration, module):
        return [p for p in passes[1] if (p["iteration"], p["module"]) == (iteration, module)]

    @staticmethod
    def slices(passes, iteration, name):
        """The batch of an iteration, in [0, 1] of the default window -1000..1000 HU."""
        runner = passes[0]
        items = runner.train_dataloader.dataset.items
        batch = torch.stack([items[i][name] for i in runner.observer.batches[iteration]])
        return ((batch + 1000) / 2000).clamp(0, 1)

    @staticmethod
    def as_seen(slices):
        """(N, 1, H, W) through the detector's window -160..240 HU, on -1..1, three channels."""
        hu = slices.clamp(0, 1) * 2000 - 1000
        return (((hu + 160) / 400).clamp(0, 1) * 2 - 1).expand(-1, 3, -1, -1)

    def test_t1_is_on_ndct(self, passes):
        (backbone,) = self.of(passes, 0, "backbone")
        assert not self.of(passes, 0, "generator")
        expected = self.as_seen(self.slices(passes, 0, "ndct"))
        torch.testing.assert_close(backbone["input"], expected, atol=1e-4, rtol=0)
        assert backbone["norms_learn"]

    def test_t2_sees_the_denoised_image_with_gradient(self, passes):
        (generator,) = self.of(passes, 1, "generator")
        denoised, reference = self.of(passes, 1, "backbone")
        assert generator["gradient"]
        assert generator["training"]
        assert denoised["gradient"]
        assert not denoised["norms_learn"]
        assert not reference["gradient"]
        ldct = self.slices(passes, 1, "inputs")
        torch.testing.assert_close(generator["input"], ldct, atol=1e-6, rtol=0)
        seen = self.as_seen(generator["output"])
        torch.testing.assert_close(denoised["input"], seen, atol=1e-4, rtol=0)

    def test_t3_is_on_denoised_images_without_gradient(self, passes):
        (generator,) = self.of(passes, 2, "generator")
        (backbone,) = self.of(passes, 2, "backbone")
        assert not generator["gradient"]
        assert not generator["training"]
        ldct = self.slices(passes, 2, "inputs")
        torch.testing.assert_close(generator["input"], ldct, atol=1e-6, rtol=0)
        seen = self.as_seen(generator["output"])
        torch.testing.assert_close(backbone["input"], seen, atol=1e-4, rtol=0)

    def test_broken_denoiser_does_not_harm_t1(self, make_runner, tmp_path):
        logs = []
        for name, broken in (("whole", False), ("broken", True)):
            runner = make_runner(tmp_path / name, {"pretrain_iters": 2, "rounds": 0})
            if broken:
                for parameter in runner.model.denoiser.parameters():
                    parameter.data.fill_(float("nan"))
            runner.train()
            weights = runner.observer.states[0]["denoiser"].values()
            assert all(value.isnan().all() == broken for value in weights)
            logs.append(runner.observer.logged)
        for whole, broken in zip(*logs, strict=True):
            assert whole == broken


class TestAgainstPlainPyTorch:
    """The whole training against a loop written without any of the engine's classes."""

    COUNTS = 2
    """Accumulation: the odd third step of a phase has to be flushed on its own."""

    def test_final_weights(self, make_runner, small_lidnet, optimizers, tmp_path):
        schedule = {"pretrain_iters": 3, "denoiser_iters": 3, "detector_iters": 2, "rounds": 1}
        model = copy.deepcopy(small_lidnet)
        model["roi_perceptual_loss"] = {"type": "lidnet_mm.ROIPerceptualLoss", "loss_weight": 0.0}
        wrappers = copy.deepcopy(optimizers)
        for part in ("denoiser", "detector"):
            wrappers[part]["accumulative_counts"] = self.COUNTS
        runner = make_runner(tmp_path, schedule, model=model, optim_wrapper=wrappers)
        reference = copy.deepcopy(runner.model)
        runner.train()
        start = runner.observer.states[0]
        for part in ("denoiser", "detector"):
            reference.parts[part].load_state_dict(start[part])
        self.train(reference, runner)
        for part in ("denoiser", "detector"):
            trained = runner.model.parts[part].state_dict()
            assert differs(start[part], trained)
            for name, expected in reference.parts[part].state_dict().items():
                torch.testing.assert_close(trained[name], expected, atol=1e-6, rtol=1e-5)

    def train(self, model, runner):
        """Algorithm 1 in a few lines."""
        sgd = {
            part: torch.optim.SGD(getattr(model, part).parameters(), lr=1e-3, momentum=0.9)
            for part in ("denoiser", "detector")
        }
        items = runner.train_dataloader.dataset.items
        batches = iter(runner.observer.batches)
        for part, images, length in (
            ("detector", "ndct", 3),
            ("denoiser", "inputs", 3),
            ("detector", "denoised", 2),
        ):
            model.denoiser.train(part == "denoiser")
            model.detector.train(part == "detector")
            for step in range(length):
                chosen = [copy.deepcopy(items[i]) for i in next(batches)]
                in_group = self.COUNTS if step < length - length % self.COUNTS else 1
                (self.loss(model, part, images, chosen) / in_group).backward()
                if (step + 1) % self.COUNTS == 0 or step + 1 == length:
                    sgd[part].step()
                    for parameter in model.parameters():
                        parameter.grad = None

    @staticmethod
    def loss(model, part, images, chosen):
        """Detection loss, with 5 times its weight and L1 in a denoiser step."""
        samples = [item["data_samples"] for item in chosen]
        for sample in samples:
            sample.set_metainfo({"pad_shape": (64, 64), "batch_input_shape": (64, 64)})
        ldct, ndct = (
            ((torch.stack([item[n] for item in chosen]) + 1000) / 2000).clamp(0, 1)
            for n in ("inputs", "ndct")
        )
        shown = ndct if images == "ndct" else model.denoiser.generator(ldct)
        if part == "detector":
            shown = shown.detach()
        losses = model.detector.loss(model.bridge(shown), samples)
        flat = [v for k, vs in losses.items() if "loss" in k for v in _list(vs)]
        detection = sum(value.mean() for value in flat)
        if part == "detector":
            return detection
        return (shown - ndct).abs().mean() + 5 * detection


def _list(values):
    """A list, also of a single value."""
    return values if isinstance(values, list) else [values]


class TestAccumulation:
    def test_phase_end_uses_up_the_gradients(self, make_runner, optimizers, tmp_path):
        wrappers = copy.deepcopy(optimizers)
        wrappers["denoiser"]["accumulative_counts"] = 2
        runner = make_runner(tmp_path, SCHEDULE, optim_wrapper=wrappers)
        runner.train()
        states = runner.observer.states
        moved = [
            bool(differs(before["denoiser"], after["denoiser"]))
            for before, after in itertools.pairwise(states)
        ]
        #              T1             T2 T2    T2    T3
        assert moved == [False] * 2 + [False, True, True, False] * 2


class TestValidation:
    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({}, [2, 6, 10]),
            ({"val_interval": 4}, [2, 4, 6, 8, 10]),
            ({"val_interval": 5, "val_begin": 6}, [6, 10]),
        ],
        ids=["round ends", "and every 4", "not before 6"],
    )
    def test_when(self, make_runner, tmp_path, settings, expected):
        runner = make_runner(tmp_path, SCHEDULE | settings, validate=True)
        runner.train()
        assert runner.observer.validated == expected

    def test_leaves_no_trace_in_the_training(self, make_runner, trained, tmp_path):
        validated = make_runner(tmp_path, SCHEDULE | {"val_interval": 1}, validate=True)
        validated.train()
        last = [runner.observer.states[-1] for runner in (validated, trained)]
        for part in ("denoiser", "detector"):
            assert not differs(last[0][part], last[1][part])


class TestJoint:
    """The baseline of figure 3."""

    @pytest.fixture(scope="class")
    def joint(self, make_runner, tmp_path_factory):
        runner = make_runner(
            tmp_path_factory.mktemp("joint"),
            {
                "pretrain_iters": 1,
                "denoiser_iters": 1,
                "detector_iters": 1,
                "rounds": 1,
                "joint": True,
            },
        )
        kept = []
        runner.model.denoiser.generator.register_forward_hook(
            lambda module, inputs, output: kept.append((runner.iter, inputs[0].clone()))
        )
        runner.train()
        return runner, kept

    def test_both_halves_move(self, joint):
        states = joint[0].observer.states
        for index in (1, 2):
            for part in ("denoiser", "detector"):
                assert differs(states[index][part], states[index + 1][part])

    def test_pre_training_leaves_the_denoiser(self, joint):
        states = joint[0].observer.states
        assert not differs(states[0]["denoiser"], states[1]["denoiser"])

    def test_same_batch_for_both(self, joint):
        for iteration in (1, 2):
            first, second = (x for i, x in joint[1] if i == iteration)
            assert torch.equal(first, second)


def _behind_a_filter(lidnet):
    """The model with nothing to train in front of its detector."""
    model = copy.deepcopy(lidnet)
    model["denoiser"]["generator"] = {"type": "lidnet_mm.Identity"}
    return model


def test_a_detector_behind_a_filter_is_trained_alone(
    make_runner, small_lidnet, optimizers, tmp_path
):
    wrapper = {name: optimizers[name] for name in ("constructor", "detector")}
    schedule = {"pretrain_iters": 0, "denoiser_iters": 0, "detector_iters": 3, "rounds": 1}
    model = _behind_a_filter(small_lidnet)
    runner = make_runner(tmp_path, schedule, model=model, optim_wrapper=wrapper)
    before = copy.deepcopy(runner.model.state_dict())
    runner.train()
    moved = [k for k, v in runner.model.state_dict().items() if not torch.equal(v, before[k])]
    assert any(name.startswith("detector.roi_head") for name in moved)


class TestRefusals:
    def test_model_without_a_detector(self, make_runner, small_lidnet, tmp_path):
        alone = copy.deepcopy(small_lidnet["denoiser"])
        wrapper = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.1}}
        runner = make_runner(tmp_path, SCHEDULE, model=alone, optim_wrapper=wrapper)
        with pytest.raises(TypeError, match=r"LIDDetector, got DenoisingModel.*IterBasedTrainLoop"):
            runner.train()

    @pytest.mark.parametrize("changed", [{}, {"denoiser_iters": 0, "joint": True}])
    def test_steps_of_a_denoiser_without_parameters(
        self, make_runner, small_lidnet, tmp_path, changed
    ):
        model = _behind_a_filter(small_lidnet)
        runner = make_runner(tmp_path, {**SCHEDULE, **changed}, model=model)
        with pytest.raises(ValueError, match=r"Identity has no parameters.*denoiser_iters=0"):
            runner.train()

    def test_one_optimizer_for_all(self, make_runner, tmp_path):
        wrapper = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.1}}
        runner = make_runner(tmp_path, SCHEDULE, optim_wrapper=wrapper)
        with pytest.raises(TypeError, match=r"one optimizer a part.*PartsOptimWrapperConstructor"):
            runner.train()
