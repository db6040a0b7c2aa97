"""Run by every Python interpreter that starts with this folder on its path, before the program.

It loads little of the standard library and nothing else: the program may want to be the first to load a
module, as gevent does. The SDK is loaded once a module is imported that it has to do with.
"""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent
SDK = HERE.parents[1]


def watch() -> None:
    """Load the SDK as soon as there is something to record."""
    watch = load("importing.py").ImportWatch()
    providers = load("providers/catalogue.py").PROVIDERS.values()
    frameworks = load("frameworks/catalogue.py").FRAMEWORKS.values()

    def start() -> None:
        watch.close()
        try:
            from watchkeeper.auto.starting import start  # noqa: PLC0415 - not before it is needed
        except Exception as error:  # noqa: BLE001 - the program runs whatever becomes of us
            tell(f"{sys.executable} cannot load it ({error}). Install it there: pip install watchkeeper")
        else:
            start()

    watch.when_imported("watchkeeper", start)
    for entry in (*providers, *frameworks):
        watch.when_imported(entry.trigger, start)


def load(path: str) -> ModuleType:
    """A module of the SDK without the package around it, which loads all the rest."""
    spec = importlib.util.spec_from_file_location(f"watchkeeper_startup:{path}", SDK / path)
    if spec is None or spec.loader is None:
        raise ImportError(f"'{path}' is missing.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def tell(why: str) -> None:
    sys.stderr.write(f"Watchkeeper records nothing here: {why}\n")


def run_next() -> None:
    """The ``sitecustomize`` that would have run without ours."""
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


try:
    if sys.version_info >= (3, 11):  # noqa: UP036 - a program may start interpreters of any age
        watch()
except Exception as error:  # noqa: BLE001 - the program runs whatever becomes of us
    tell(f"{type(error).__name__}: {error}")
run_next()
