"""RED-CNN from DICOM to DICOM beside `denoise_dicom` of ldct-benchmark, the same weights in both.

Both read the same made-up series and write one, in turns; medians count. The peer's network has
RED-CNN's layer table without its last ReLU. Its weights are random and taken over into ours, for
speed does not depend on them. Needs `pip install ldct-benchmark`, which the rest of the project
does not.

    python benchmarks/inference_peer.py --slices 8 --repeats 3 --threads 2
"""

import argparse
import hashlib
import itertools
import os
import tempfile
import warnings
from pathlib import Path
from unittest import mock

import torch
import yaml
from inference import series, whole
from ldctbench.hub import utils as peer
from ldctbench.methods.redcnn.network import Model as PeerNetwork
from measuring import Times, machine, median, take_turns
from safetensors.torch import save_file

from lidnet_mm.apis.inferencer import LIDInferencer
from lidnet_mm.models.denoisers import REDCNN


def main() -> None:
    """Parse the command line, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the slices in pixels")
    parser.add_argument("--slices", type=int, default=8, help="slices of the series")
    parser.add_argument("--repeats", type=int, default=3, help="repetitions; medians count")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's threads")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = PeerNetwork(None).eval()
    with tempfile.TemporaryDirectory() as folder:
        card = write_card(network, Path(folder))
        inferencer = LIDInferencer(card, device="cpu")
        source = series(Path(folder), options.slices, options.size)
        pictures = next(source.rglob("*.dcm")).parent  # the peer looks in one folder
        works = {
            "lidnet_mm": lambda: whole(inferencer, source, Path(folder)),
            "denoise_dicom": lambda: denoise_dicom(network, pictures, folder),
        }
        times = take_turns(works, options.repeats)
    print(f"{machine(options.threads)}\n\n{table(times, options)}")


def write_card(network: PeerNetwork, folder: Path) -> Path:
    """A model card of RED-CNN with the peer's weights: both have ten layers in one order."""
    ours = REDCNN()
    for mine, theirs in itertools.zip_longest(ours.parameters(), network.parameters()):
        mine.data.copy_(theirs.data)
    weights = folder / "redcnn.safetensors"
    state = {f"generator.{name}": value for name, value in ours.state_dict().items()}
    save_file(state, weights)
    card = {
        "name": "redcnn",
        "summary": "RED-CNN with random weights.",
        "model": {"type": "lidnet_mm.DenoisingModel", "generator": {"type": "lidnet_mm.REDCNN"}},
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path = folder / "redcnn.yml"
    path.write_text(yaml.safe_dump(card))
    return path


def denoise_dicom(network: PeerNetwork, source: Path, folder: str) -> None:
    """The peer's way, with a network that is at hand instead of one from its hub."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as out,
        mock.patch.object(peer, "load_model", return_value=network),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        peer.denoise_dicom(str(source), out, "redcnn", torch.device("cpu"), disable_progress=True)


def table(times: dict[str, Times], options: argparse.Namespace) -> str:
    """Slices per second of both, and their ratio."""
    speeds = {name: options.slices / median(taken) for name, taken in times.items()}
    ratio = speeds["lidnet_mm"] / speeds["denoise_dicom"]
    return (
        f"RED-CNN, 96 channels, {options.slices} slices of {options.size} x {options.size}, "
        f"{options.repeats} repetitions.\n\n"
        "| | slices/s |\n|---|---|\n"
        + "".join(f"| {name} | {speed:.3f} |\n" for name, speed in speeds.items())
        + f"\nlidnet_mm / denoise_dicom: {ratio:.2f}"
    )


if __name__ == "__main__":
    main()
