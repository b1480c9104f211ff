#!/usr/bin/env bash
# gpu_check.py on a machine with a GPU, PyTorch and its CUDA compiler, and without a network.
#
#   benchmarks/gpu_check.sh WHEELS [OUT] [options of gpu_check.py]
#
# WHEELS is a folder that was filled where there is a network: a wheel of everything that
# requirements.txt asks for and the machine lacks, and mmcv as a wheel or as its source archive.
# For Python 3.12:
#
#   pip download --no-deps --only-binary=:all: --python-version 3.12 --platform manylinux_2_28_x86_64 \
#       --platform manylinux2014_x86_64 -d WHEELS NAME==VERSION ...
#   pip download --no-deps --no-build-isolation --no-binary=:all: -d WHEELS onedl-mmcv==2.3.6
#
# OUT (work_dirs/gpu_check unless given) gets gpu_check.md, gpu_check.json, build.log, and the wheel
# of mmcv that was built: put it into WHEELS, and the next run needs no compiler.
#
# Variables: PYTHON, the interpreter that has PyTorch (python3); LIMIT, seconds for all of it (480);
# VENV, folder of the environment that is made (OUT/venv); DEVICE=cpu tries this script without a GPU.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    echo "usage: benchmarks/gpu_check.sh WHEELS [OUT] [options]; WHEELS is a folder of wheels" >&2
    exit 2
fi
wheels=$(realpath "$1")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
out=$(realpath -m "${2:-$root/work_dirs/gpu_check}")
shift $(($# < 2 ? $# : 2))
device=${DEVICE:-cuda} limit=${LIMIT:-480} venv=${VENV:-$out/venv}
mkdir -p "$out"
SECONDS=0

told() { echo "[$SECONDS s] $*" >&2; }

# What the machine has: folder of its packages, and the GPU's architecture, such as 9.0.
host=$(command -v "${PYTHON:-python3}")
if ! facts=$("$host" - "$device" <<'PY'
import sys, sysconfig
from pathlib import Path
import torch
if sys.argv[1] == "cuda" and not torch.cuda.is_available():
    sys.exit("PyTorch finds no GPU; DEVICE=cpu tries the script without one")
gpu = sys.argv[1] == "cuda"
print(Path(torch.__file__).parents[1], sysconfig.get_path("scripts"), end=" ")
print(".".join(map(str, torch.cuda.get_device_capability())) if gpu else "none")
PY
); then
    echo "$host has no PyTorch that works here: name one by PYTHON=" >&2
    exit 2
fi
read -r packages scripts architecture <<<"$facts"
told "$host, architecture $architecture"

# An environment over it. The interpreter may itself be one of an environment, whose packages
# --system-site-packages would not show: a path file does.
"$host" -m venv --clear --system-site-packages --without-pip "$venv"
python=$venv/bin/python
echo "$packages" >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/host.pth"
export PATH="$venv/bin:$scripts:$PATH" PYTHONPATH="$root"
pip() { "$python" -m pip --disable-pip-version-check "$@"; }
from_wheels=(--no-index --no-deps --no-compile --find-links "$wheels")

mapfile -t names < <(find "$wheels" -name '*.whl' -printf '%f\n' | sed 's/-.*//' |
    grep -viE '^(onedl_mmcv|torch|nvidia_.*|triton|lidnet_mm)$' | sort -u)
if [ ${#names[@]} -gt 0 ]; then
    told "installing ${#names[@]} wheels"
    pip install -q "${from_wheels[@]}" "${names[@]}"
fi

# mmcv: a wheel whose operations run on this device, else the archive, compiled for this GPU alone.
works() {
    "$python" - "$device" >/dev/null 2>&1 <<'PY'
import sys, torch
from mmcv.ops import nms
nms(torch.rand(4, 4, device=sys.argv[1]), torch.rand(4, device=sys.argv[1]), 0.5)
PY
}
if ! works; then
    pip install -q --only-binary=:all: "${from_wheels[@]}" onedl-mmcv 2>"$out/wheel.log" || true
fi
if ! works; then
    archive=$(find "$wheels" -name 'onedl_mmcv-*.tar.gz' | sort | tail -n 1)
    if [ -z "$archive" ]; then
        told "mmcv: no wheel that works here and no archive in $wheels; what needs it will fail"
    else
        export MMCV_WITH_OPS=1 MAX_JOBS CFLAGS="${CFLAGS:--g0}"
        MAX_JOBS=$(nproc)
        if [ "$device" = cuda ]; then
            export FORCE_CUDA=1 TORCH_CUDA_ARCH_LIST=$architecture
        fi
        told "building mmcv with $MAX_JOBS jobs; output in $out/build.log"
        if timeout $((limit * 3 / 4)) "$python" -m pip wheel -v --no-index --no-deps \
            --no-build-isolation --no-cache-dir -w "$out" "$archive" >"$out/build.log" 2>&1; then
            pip install -q --no-index --no-deps --force-reinstall "$out"/onedl_mmcv-*.whl
        fi
        if works; then
            told "mmcv is built"
        else
            tail -n 20 "$out/build.log" >&2
            told "mmcv could not be built; what needs it will fail"
        fi
    fi
fi

"$python" - <<'PY' >&2
from importlib import import_module
for name in ("mmengine", "mmcv", "mmdet", "lidnet_mm.apis.inferencer", "pytest"):
    try:
        import_module(name)
    except Exception as error:
        print(f"{name} cannot be imported: {error}")
PY
told "checking"
exec "$python" "$root/benchmarks/gpu_check.py" --device "$device" --out "$out" \
    --seconds $((limit - SECONDS > 60 ? limit - SECONDS : 60)) "$@"
