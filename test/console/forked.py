"""The console tool in processes of their own, forked from one that has imported torch once.

Standard input: JSON, groups of command lines. The processes of a group of several find each other
as torchrun lets them. Standard output: JSON, code and words of each process, and the names of the
threads it has at its end.
"""

import json
import os
import socket
import sys
import tempfile
import traceback
from pathlib import Path

import tactile_equiv.sequence_command
import tactile_equiv.training_command  # noqa: F401
from tactile_equiv.console import main


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def threads() -> list[str]:
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def started(arguments: list[str], environment: dict[str, str], said: Path) -> int:
    """Process id of a call of the console tool."""
    child = os.fork()
    if child:
        return child
    os.environ.update(environment)
    written = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    code = 1
    try:
        code = main(arguments)
        said.with_suffix(".threads").write_text(json.dumps(threads()))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(group: list[list[str]], folder: Path) -> list[dict[str, object]]:
    """What the processes of a group say, and their codes."""
    port, files = str(free_port()), [folder / str(rank) for rank in range(len(group))]
    together = {"WORLD_SIZE": str(len(group)), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    children = [
        started(arguments, {**together, "RANK": str(rank)} if len(group) > 1 else {}, files[rank])
        for rank, arguments in enumerate(group)
    ]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return [
        {
            "code": code,
            "said": file.read_text(),
            "threads": json.loads(file.with_suffix(".threads").read_text()),
        }
        for code, file in zip(codes, files, strict=True)
    ]


if __name__ == "__main__":
    found = []
    for commands in json.load(sys.stdin):
        with tempfile.TemporaryDirectory() as name:
            found.append(ended(commands, Path(name)))
    print(json.dumps(found))
