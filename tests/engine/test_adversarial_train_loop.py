"""Generator and critic in turn, alone and inside T2, against loops in plain PyTorch."""

import copy
import itertools
import re
from pathlib import Path

import pytest
import torch

CRITIC = {"type": "lidnet_mm.SliceCritic", "channels": 2}
SGD = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 1e-3, "momentum": 0.9}}
PARTS = ("denoiser", "critic")
SCHEDULE = {
    "pretrain_iters": 1,
    "denoiser_iters": 4,
    "detector_iters": 1,
    "rounds": 2,
    "critic_iters": 1,
}


def optimizers(*parts):
    """One SGD for each part."""
    wrappers = {part: copy.deepcopy(SGD) for part in parts}
    return {"constructor": "lidnet_mm.PartsOptimWrapperConstructor", **wrappers}


def moved(before, after):
    """Names of the parts that differ."""
    return {n for n in before if any(not torch.equal(before[n][k], after[n][k]) for k in before[n])}


@pytest.fixture(scope="module")
def adversarial(small_lidnet):
    """A generator with a critic and an L1."""
    model = copy.deepcopy(small_lidnet["denoiser"])
    l1 = {"type": "lidnet_mm.ReconstructionLoss", "norm": "l1", "loss_weight": 3.0}
    model.update(critic=CRITIC, losses={"reconstruction": l1})
    return model


@pytest.fixture(scope="module")
def make_adversarial(make_runner, adversarial):
    """Function that builds a runner of the adversarial loop; keywords go to the Runner."""

    def make(folder, train_cfg, **changes):
        return make_runner(
            folder,
            {},
            **{
                "model": copy.deepcopy(adversarial),
                "train_cfg": {"type": "lidnet_mm.AdversarialTrainLoop", **train_cfg},
                "optim_wrapper": optimizers(*PARTS),
                **changes,
            },
        )

    return make


@pytest.fixture(scope="module")
def trained(make_adversarial, tmp_path_factory):
    """Two turns of two critic steps and a generator step, and what was there in between."""
    runner = make_adversarial(tmp_path_factory.mktemp("gan"), {"max_iters": 6, "critic_iters": 2})
    start = copy.deepcopy(runner.model)
    runner.train()
    return runner, start


class TestAlone:
    UPDATED = ("critic", "critic", "denoiser") * 2

    def test_turns(self, trained):
        found = trained[0].observer.states
        assert [moved(a, b) for a, b in itertools.pairwise(found)] == [
            {part} for part in self.UPDATED
        ]

    def test_each_step_logs_its_own_losses(self, trained):
        for log, part in zip(trained[0].observer.logged, self.UPDATED, strict=True):
            if part == "critic":
                names = ("loss", "loss_wasserstein", "loss_gradient_penalty", "wasserstein")
                assert set(log) == {f"critic.{name}" for name in names}
            else:
                assert set(log) == {"loss", "loss_reconstruction", "loss_adversarial"}

    def test_each_step_has_a_batch_of_its_own(self, trained):
        batches = [tuple(batch) for batch in trained[0].observer.batches]
        assert len(batches) == 6
        assert len(set(batches)) > 4

    def test_weights_equal_a_plain_loop(self, trained):
        """WGAN-GP of Gulrajani et al. 2017, algorithm 1, with the same draws."""
        runner, model = trained
        begin = runner.observer.states[0]
        for name, part in model.parts.items():
            part.load_state_dict(begin[name])
        generator, critic = model.generator, model.critic
        sgd = {
            "denoiser": torch.optim.SGD(generator.parameters(), lr=1e-3, momentum=0.9),
            "critic": torch.optim.SGD(critic.parameters(), lr=1e-3, momentum=0.9),
        }
        items, seen = runner.train_dataloader.dataset.items, runner.observer
        for chosen, random, part in zip(seen.batches, seen.random, self.UPDATED, strict=True):
            x, y = (
                ((torch.stack([items[i][n] for i in chosen]) + 1000) / 2000).clamp(0, 1)
                for n in ("inputs", "ndct")
            )
            if part == "critic":
                fake = generator(x).detach()
                torch.set_rng_state(random)
                between = y + torch.rand(2, 1, 1, 1) * (fake - y)
                between.requires_grad_()
                gradient = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
                norms = gradient.square().sum(dim=(1, 2, 3)).sqrt()
                loss = critic(fake).mean() - critic(y).mean() + 10 * ((norms - 1) ** 2).mean()
            else:
                denoised = generator(x)
                loss = 3 * (denoised - y).abs().mean() - critic(denoised).mean()
            for optimizer in sgd.values():
                optimizer.zero_grad()
            loss.backward()
            sgd[part].step()
        for name, part in model.parts.items():
            expected, found = part.state_dict(), runner.model.parts[name].state_dict()
            for key, value in expected.items():
                torch.testing.assert_close(found[key], value, atol=1e-6, rtol=1e-4)


class TestInsideT2:
    """The collaborative loop in GAN form."""

    @pytest.fixture(scope="class")
    def runner(self, make_runner, small_lidnet, tmp_path_factory):
        model = copy.deepcopy(small_lidnet)
        model["denoiser"]["critic"] = CRITIC
        constant = {"type": "ConstantLR", "factor": 1, "by_epoch": False}
        halving = {"type": "MultiStepLR", "milestones": [1, 3], "gamma": 0.5, "by_epoch": False}
        runner = make_runner(
            tmp_path_factory.mktemp("lidnet_gan"),
            SCHEDULE,
            model=model,
            optim_wrapper=optimizers("denoiser", "critic", "detector"),
            param_scheduler={"denoiser": [halving], "critic": [halving], "detector": [constant]},
        )
        runner.train()
        return runner

    def test_steps_of_the_critic_count_inside_t2(self, runner):
        found = runner.observer.states
        updated = [moved(a, b) for a, b in itertools.pairwise(found)]
        turn = [{"critic"}, {"denoiser"}, {"critic"}, {"denoiser"}, {"detector"}]
        assert updated == [{"detector"}, *turn, *turn]

    def test_schedulers_count_the_steps_of_their_part(self, runner):
        rates = {part: [r[part] for r in runner.observer.rates] for part in PARTS}
        # T1 | critic denoiser critic denoiser | T3 | the same again
        assert rates["critic"] == pytest.approx(
            [1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 2.5e-4, 2.5e-4]
        )
        assert rates["denoiser"] == pytest.approx(
            [1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 5e-4, 5e-4, 5e-4, 2.5e-4, 2.5e-4, 2.5e-4]
        )

    def test_log_lines_stay_in_t2(self, runner):
        log = Path(runner._log_dir, f"{runner.timestamp}.log").read_text(encoding="utf-8")
        lines = [line for line in log.splitlines() if "critic.loss" in line]
        assert len(lines) == 8
        assert all(re.search(r" T2 round [12]/2 \[[1-4]/4\] ", line) for line in lines)
        assert "denoiser (each step after 1 of the critic), round 1/2, 4 iterations" in log


class TestRefusals:
    def test_model_with_a_detector(self, make_adversarial, small_lidnet, tmp_path):
        runner = make_adversarial(
            tmp_path,
            {"max_iters": 5},
            model=copy.deepcopy(small_lidnet),
            optim_wrapper=optimizers("denoiser", "detector"),
        )
        with pytest.raises(TypeError, match=r"DenoisingModel, got LIDDetector.*Collaborative"):
            runner.train()

    def test_no_critic(self, make_adversarial, small_lidnet, tmp_path):
        alone = copy.deepcopy(small_lidnet["denoiser"])
        runner = make_adversarial(
            tmp_path, {"max_iters": 5}, model=alone, optim_wrapper=optimizers("denoiser")
        )
        with pytest.raises(ValueError, match=r"critic_iters=4, but the model has no critic.*Slice"):
            runner.train()

    def test_critic_without_steps(self, make_runner, small_lidnet, tmp_path):
        model = copy.deepcopy(small_lidnet)
        model["denoiser"]["critic"] = CRITIC
        wrappers = optimizers("denoiser", "critic", "detector")
        runner = make_runner(tmp_path, {"rounds": 1}, model=model, optim_wrapper=wrappers)
        with pytest.raises(ValueError, match=r"has a critic.*no step: set critic_iters=4"):
            runner.train()

    def test_critic_without_an_optimizer(self, make_adversarial, tmp_path):
        runner = make_adversarial(tmp_path, {"max_iters": 5}, optim_wrapper=optimizers("denoiser"))
        with pytest.raises(ValueError, match=r"no optimizer for \['critic\.conv"):
            runner.train()

    def test_one_optimizer_for_both(self, make_adversarial, tmp_path):
        runner = make_adversarial(tmp_path, {"max_iters": 5}, optim_wrapper=copy.deepcopy(SGD))
        with pytest.raises(TypeError, match=r"one optimizer a part.*denoiser=dict.*critic=dict"):
            runner.train()

    def test_schedulers_of_the_generator_alone(self, make_adversarial, tmp_path):
        constant = {"type": "ConstantLR", "factor": 1, "by_epoch": False}
        runner = make_adversarial(
            tmp_path, {"max_iters": 5}, param_scheduler={"denoiser": [constant]}
        )
        with pytest.raises(ValueError, match=r"no schedulers of the critic: add critic=\[\.\.\.\]"):
            runner.train()

    def test_turns_that_do_not_fill_the_training(self, make_adversarial, tmp_path):
        runner = make_adversarial(tmp_path, {"max_iters": 7, "critic_iters": 2})
        with pytest.raises(ValueError, match="multiple of 3"):
            runner.train()

    def test_a_loop_without_turns(self, make_runner, adversarial, tmp_path):
        runner = make_runner(
            tmp_path,
            {},
            model=copy.deepcopy(adversarial),
            train_cfg={"type": "IterBasedTrainLoop", "max_iters": 3},
            optim_wrapper=copy.deepcopy(SGD),
        )
        with pytest.raises(RuntimeError, match=r"trains in turns.*AdversarialTrainLoop"):
            runner.train()


class TestResume:
    """From any iteration the same turns, batches and bits.

    The penalty weighs nothing here: MMEngine does not restore the random numbers that place its
    points.
    """

    @pytest.fixture(scope="class")
    def settings(self, adversarial):
        model = copy.deepcopy(adversarial)
        model["loss_adversarial"] = {"type": "lidnet_mm.WGANGPLoss", "penalty_weight": 0.0}
        cosine = {"type": "CosineAnnealingLR", "by_epoch": False, "T_max": 4, "end": 4}
        hooks = {
            "logger": {"type": "LoggerHook", "interval": 1},
            "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
            "checkpoint": {"type": "CheckpointHook", "by_epoch": False, "interval": 1},
        }
        schedulers = {"denoiser": [cosine], "critic": [cosine]}
        return {"model": model, "default_hooks": hooks, "param_scheduler": schedulers}

    @pytest.fixture(scope="class")
    def whole(self, make_adversarial, settings, tmp_path_factory):
        train_cfg = {"max_iters": 6, "critic_iters": 2}
        runner = make_adversarial(tmp_path_factory.mktemp("whole"), train_cfg, **settings)
        runner.train()
        return runner

    @pytest.mark.parametrize("done", [1, 2, 3, 4])
    def test_equals_the_uninterrupted_run(self, make_adversarial, settings, whole, tmp_path, done):
        resumed = make_adversarial(
            tmp_path,
            {"max_iters": 6, "critic_iters": 2},
            resume=True,
            load_from=f"{whole.work_dir}/iter_{done}.pth",
            **settings,
        )
        resumed.train()
        expected, found = whole.observer, resumed.observer
        assert found.batches == expected.batches[done:]
        assert found.rates == expected.rates[done:]
        assert [log.keys() for log in found.logged] == [
            log.keys() for log in expected.logged[done:]
        ]
        assert all(
            not moved(a, b) for a, b in zip(expected.states[done:], found.states, strict=True)
        )
