"""Import the modules that are named, one after the other. Run as a script.

Each line of its output is the json of one result: module, version and error. A module that ends
the process leaves no line.
"""

import importlib
import json
import sys
import warnings


def probe(name: str) -> "dict[str, object]":
    """Import a module and tell how that went; for PyTorch its CUDA and GPUs, too."""
    result = {"module": name, "version": None, "error": None}
    try:
        module = importlib.import_module(name)
        version = getattr(module, "__version__", None)
        result["version"] = None if version is None else str(version)
        if name == "torch":
            result["cuda"] = module.version.cuda
            result["gpus"] = []
            result["usable"] = module.cuda.is_available()
            result["architectures"] = module.cuda.get_arch_list()
            for index in range(module.cuda.device_count() if result["usable"] else 0):
                capability = "sm_{}{}".format(*module.cuda.get_device_capability(index))
                result["gpus"].append([module.cuda.get_device_name(index), capability])
    except BaseException as error:  # whatever ends the import is what is asked for
        first = str(error).strip().partition("\n")[0]
        result["error"] = f"{type(error).__name__}: {first}"
    return result


def main() -> None:
    """Probe the modules of the command line; what they write themselves is no result."""
    warnings.simplefilter("ignore")
    results, sys.stdout = sys.stdout, sys.stderr
    for name in sys.argv[1:]:
        results.write(json.dumps(probe(name), default=str) + "\n")
        results.flush()


if __name__ == "__main__":
    main()
