"""Is every dependency pinned, and is a weakness known of one? `make audit-dependencies`.

The pins are compared with what is installed. Weaknesses are looked up by pip-audit where it is
installed and reaches its data; where not, that is said and the exit code is 0.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
FILES = ("requirements.txt", "constraints.txt", "build-requirements.txt")
OF_THE_INTERPRETER = {"pip"}
PATIENCE = 300  # seconds


def main() -> int:
    """0 = nothing wrong is known, 1 = something is."""
    wrong = [*unpinned()]
    for line in wrong:
        print(line)
    print(f"pins: {len(pins())} packages, {len(wrong)} installed ones without their pin")
    weak = audit(auditor())
    return int(bool(wrong) or weak)


def pins() -> dict[str, set[str]]:
    """Pinned versions of each package, by its normalised name; some depend on the interpreter."""
    found: dict[str, set[str]] = {}
    for requirement in named_in(FILES):
        versions = found.setdefault(normalised(requirement.name), set())
        versions |= {one.version for one in requirement.specifier if one.operator == "=="}
    return found


def named_in(files: Sequence[str]) -> Iterator[Requirement]:
    """The requirements in files, line by line."""
    for file in files:
        for line in (HERE / file).read_text("utf-8").splitlines():
            if text := line.partition("#")[0].strip():
                yield Requirement(text)


def unpinned() -> Iterator[str]:
    """What the requirements draw in here without a pin, or in another version than the pin's."""
    known, waiting, seen = pins(), [*required()], set()
    while waiting:
        requirement = waiting.pop()
        name = normalised(requirement.name)
        wanted = (name, *sorted(requirement.extras))
        if wanted in seen or name in OF_THE_INTERPRETER:
            continue
        seen.add(wanted)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:  # not needed here, or the set-up is not this one
            continue
        if found.version.partition("+")[0] not in known.get(name, ()):
            pinned = " or ".join(sorted(known.get(name, ()))) or "not at all"
            yield f"{name} {found.version} is installed and pinned {pinned}"
        drawn_in = map(Requirement, found.requires or ())
        waiting += [one for one in drawn_in if applies(one, requirement.extras)]


def required() -> Iterator[Requirement]:
    """What is installed here from the files that are installed from."""
    every = named_in(("requirements.txt", "build-requirements.txt"))
    return (one for one in every if applies(one, set()))


def applies(requirement: Requirement, extras: set[str]) -> bool:
    """Whether a requirement holds for this interpreter and these extras of its package."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def normalised(name: str) -> str:
    """The name as every tool compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def auditor() -> list[str]:
    """The command that starts pip-audit, empty where it is not installed."""
    found = shutil.which("pip-audit")
    return [found] if found else []


def audit(command: list[str]) -> bool:
    """Look the pins up; whether a weakness is known of one."""
    if not command:
        print("not audited: pip-audit is not on PATH (pip install pip-audit, or pipx)")
        return False
    files = [part for file in FILES for part in ("-r", str(HERE / file))]
    asked = [
        *command,
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run([*asked, *files], capture_output=True, text=True, timeout=PATIENCE)
        answered = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as error:
        print(
            f"not audited: pip-audit gave no answer, its data may be out of reach ({error!r:.200})"
        )
        return False
    weak = [one for one in answered if one.get("vulns")]
    for one in weak:
        names = ", ".join(vulnerability["id"] for vulnerability in one["vulns"])
        print(f"{one['name']} {one['version']}: {names}")
    unknown = ", ".join(one["name"] for one in answered if "skip_reason" in one)
    print(f"audited: {len(answered)} packages, {len(weak)} with a known weakness")
    if unknown:
        print(f"not in the data: {unknown}")
    return bool(weak)


if __name__ == "__main__":
    sys.exit(main())
