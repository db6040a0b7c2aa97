"""Executing a program with the path on which its interpreters find our ``sitecustomize``."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which

STARTUP = str(Path(__file__).parent / "startup")
"""The folder with nothing in it but ``sitecustomize.py``."""
USAGE = """\
Usage: watchkeeper run -- COMMAND [ARGUMENT]...
       python -m watchkeeper.auto (FILE | -m MODULE | -c CODE | COMMAND) [ARGUMENT]...

Runs a program with its calls to language models recorded, and those of the Python programs that it starts.
Settings come from the environment:

  WATCHKEEPER_SERVICE_NAME=shop watchkeeper run -- python app.py
  WATCHKEEPER_ENDPOINT=https://collector.example watchkeeper run -- gunicorn app:app
"""
USED_WRONGLY = 2
NOT_EXECUTABLE = 126
NOT_FOUND = 127
"""Both are what shells say."""


def main(arguments: Sequence[str]) -> int:
    """Become the program; the exit status is that of a failure to."""
    words = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if not words or words[0] in ("-h", "--help"):
        (sys.stdout if words else sys.stderr).write(USAGE)
        return 0 if words else USED_WRONGLY
    command = build_command(words, interpreter_flags(sys.orig_argv))
    found = which(command[0])
    if found is None:
        sys.stderr.write(
            f"The command '{command[0]}' was not found. Expected: a program, or a Python file.\n"
        )
        return NOT_FOUND
    try:
        return execute(found, command, build_environment(os.environ))
    except OSError as error:
        sys.stderr.write(f"'{found}' could not be executed: {error.strerror}.\n")
        return NOT_EXECUTABLE


def build_command(words: Sequence[str], flags: Sequence[str] = ()) -> list[str]:
    """The words themselves, or a Python interpreter in front of what is Python's to run."""
    is_pythons = words[0].startswith("-") or words[0].endswith((".py", ".pyc", ".pyz"))
    is_script = Path(words[0]).is_dir() or (Path(words[0]).is_file() and not which(words[0]))
    return [sys.executable, *flags, *words] if is_pythons or is_script else list(words)


def interpreter_flags(words: Sequence[str]) -> list[str]:
    """What stands before ``-m watchkeeper.auto`` was meant for the program's interpreter too."""
    if "-m" not in words:
        return []
    place = words.index("-m")
    return list(words[1:place]) if words[place + 1] == __package__ else []


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The same with our folder in front of the path, once."""
    path = [part for part in environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != STARTUP]
    return {**environ, "PYTHONPATH": os.pathsep.join([STARTUP, *path])}


def execute(program: str, command: Sequence[str], environ: Mapping[str, str]) -> int:
    """In this process's place, so that signals, the exit status and the process id are the program's own.

    On Windows a process cannot become another, and waits for it instead.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        return subprocess.call([program, *command[1:]], env=environ)  # noqa: S603 - what it is for
    return os.execve(program, list(command), dict(environ))  # noqa: S606 - as above
