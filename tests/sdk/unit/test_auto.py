"""Programs that know nothing of the SDK: `watchkeeper run` and `python -m watchkeeper.auto`."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from watchkeeper.auto.command import STARTUP, build_command, build_environment, interpreter_flags
from watchkeeper.frameworks.catalogue import FRAMEWORKS
from watchkeeper.providers.catalogue import PROVIDERS

from tests.sdk.collector import Collector

ROOT = Path(__file__).parents[3]
COMMAND = Path(sys.executable).with_name("watchkeeper")
CALL = """
from tests.sdk.contract.openai_subjects import CHAT_SUBJECT as chat
chat.call(chat.build(chat.wire()))
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(collector: Collector) -> Run:
    def run_command(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(filter(None, (environ.pop("PYTHONPATH", ""), str(ROOT))))
        given = {"WATCHKEEPER_ENDPOINT": collector.endpoint, "PATH": os.environ["PATH"], "PYTHONPATH": path}
        return subprocess.run(
            [str(word) for word in words],
            env={**given, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run_command


def write(folder: Path, name: str, program: str) -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(program), "utf-8")
    return path


def test_every_client_wakes_the_sdk(run: Run) -> None:
    probe = "import sys; print(*sorted(sys.meta_path[0]._waiting))"
    done = run(COMMAND, "run", sys.executable, "-c", probe)
    entries = [*PROVIDERS.values(), *FRAMEWORKS.values()]
    assert done.stdout.split() == sorted({"watchkeeper", *(entry.trigger for entry in entries)})


def test_a_programs_calls_are_recorded_and_everything_else_is_its_own(
    run: Run, collector: Collector, tmp_path: Path
) -> None:
    program = """
        import sys
        print(sys.argv, __name__, sys.path[0])
        from tests.sdk.contract.openai_subjects import CHAT_SUBJECT as chat
        chat.call(chat.build(chat.wire()))
        sys.exit(7)
    """
    app = write(tmp_path, "app.py", program)
    done = run(COMMAND, "run", "--", sys.executable, app, "--port", "80", WATCHKEEPER_SERVICE_NAME="shop")
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == f"{[str(app), '--port', '80']} __main__ {tmp_path}\n"
    (span,) = collector.spans()
    assert span.attributes["gen_ai.operation.name"] == "chat"
    assert span.resource["service.name"] == "shop"


def test_programs_that_a_program_starts_are_recorded(run: Run, collector: Collector, tmp_path: Path) -> None:
    """Through a console script."""
    module = write(tmp_path, "answering.py", CALL)
    script = write(
        tmp_path,
        "serve",
        f"#!{sys.executable}\nimport subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'answering'], check=True)\n",
    )
    script.chmod(0o755)
    done = run(sys.executable, "-m", "watchkeeper.auto", script, PYTHONPATH=str(module.parent))
    assert (done.returncode, done.stderr) == (0, "")
    assert len(collector.spans()) == 1


def test_a_server_is_recorded_and_ends_by_its_signal(run: Run, collector: Collector, tmp_path: Path) -> None:
    write(
        tmp_path,
        "served.py",
        """
        import asyncio, os, signal
        from tests.sdk.contract.openai_subjects import CHAT_SUBJECT as chat

        async def app(scope, receive, send):
            await receive()
            chat.call(chat.build(chat.wire()))
            await send({"type": "lifespan.startup.complete"})
            asyncio.get_running_loop().call_later(2, os.kill, os.getpid(), signal.SIGTERM)
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        """,
    )
    uvicorn = Path(sys.executable).with_name("uvicorn")
    done = run(
        COMMAND,
        "run",
        uvicorn,
        "served:app",
        "--port",
        "0",
        PYTHONPATH=str(tmp_path),
        WATCHKEEPER_EXPORT_INTERVAL_S="0.05",
    )
    assert done.returncode == -signal.SIGTERM
    assert len(collector.spans()) == 1


def test_a_program_without_a_client_never_loads_the_sdk(run: Run) -> None:
    probe = "import sys; print({'watchkeeper', 'opentelemetry', 'ssl', 'threading'} & set(sys.modules))"
    done = run(COMMAND, "run", "--", sys.executable, "-c", probe)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


def test_the_programs_own_settings_come_before_those_of_the_environment(
    run: Run, collector: Collector
) -> None:
    program = (
        f"import watchkeeper\nhandle = watchkeeper.instrument(service_name='own', capture='none')\n{CALL}"
    )
    done = run(
        COMMAND, "run", "--", sys.executable, "-c", program,
        WATCHKEEPER_CAPTURE="all", WATCHKEEPER_SERVICE_NAME="environment",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (span,) = collector.spans()
    assert span.resource["service.name"] == "own"
    assert "gen_ai.input.messages" not in span.attributes


def test_a_sitecustomize_of_the_programs_still_runs(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "sitecustomize.py", "import builtins; builtins.customised = True")
    probe = "import sitecustomize, sys; print(customised, sitecustomize.__file__)"
    done = run(COMMAND, "run", "--", sys.executable, "-c", probe, PYTHONPATH=str(tmp_path))
    assert (done.stdout, done.stderr) == (f"True {tmp_path / 'sitecustomize.py'}\n", "")


def test_an_interpreter_without_the_sdk_is_told_once_and_runs(run: Run, tmp_path: Path) -> None:
    """With a package named as a client is, and none named watchkeeper."""
    (tmp_path / "litellm").mkdir()
    write(tmp_path / "litellm", "__init__.py", "print('client')")
    path = [STARTUP, str(tmp_path)]
    probe = f"import sys; sys.path[:0] = {path}; import sitecustomize; import litellm"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", probe],
        env={}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "client\n")
    assert done.stderr.startswith(f"Watchkeeper records nothing here: {sys.executable} cannot load it")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ((), 2, "Usage:"),
        (("--", "nowhere-to-be-found"), 127, "The command 'nowhere-to-be-found' was not found."),
        (("-h",), 0, ""),
    ],
)
def test_a_program_that_is_none_is_told(run: Run, words: tuple[str, ...], status: int, told: str) -> None:
    done = run(COMMAND, "run", *words)
    assert done.returncode == status
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("python", "app.py"), ["python", "app.py"]),
        (("app.py", "-x"), [sys.executable, "-W", "error", "app.py", "-x"]),
        (("-m", "app"), [sys.executable, "-W", "error", "-m", "app"]),
        (("-c", "pass"), [sys.executable, "-W", "error", "-c", "pass"]),
        ((str(ROOT), "x"), [sys.executable, "-W", "error", str(ROOT), "x"]),
        ((str(COMMAND), "x"), [str(COMMAND), "x"]),
    ],
)
def test_python_runs_what_is_pythons(words: tuple[str, ...], expected: list[str]) -> None:
    flags = interpreter_flags(["python", "-W", "error", "-m", "watchkeeper.auto", *words])
    assert build_command(words, flags) == expected


def test_flags_of_another_module_are_left_alone() -> None:
    assert interpreter_flags(["python", "-X", "dev", "-m", "pytest"]) == []
    assert interpreter_flags(["watchkeeper", "run"]) == []


def test_the_path_has_our_folder_once() -> None:
    environ = build_environment({"PYTHONPATH": "/a", "HOME": "/root"})
    assert environ == {"PYTHONPATH": f"{STARTUP}{os.pathsep}/a", "HOME": "/root"}
    assert build_environment(environ) == environ
    assert json.dumps(build_environment({})) == json.dumps({"PYTHONPATH": STARTUP})
