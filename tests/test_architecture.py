"""Imports run one way; each outside library has one home."""

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PLACES = {
    "config": set(),
    "db": set(),
    "secretbox": set(),
    "models": {"db"},
    "zalo": {"zalo"},
    "services": {"config", "db", "secretbox", "models", "services", "zalo"},
    "texts": {"services", "texts"},
    "webhook": {"config", "db", "models", "services", "texts", "webhook"},
    "bot": {"config", "db", "models", "services", "texts", "bot"},
    "jobs": {"config", "db", "models", "services"},
    "clock": {"config", "db", "models", "services", "texts", "jobs"},
    "manage": {"cli"},
    # The doctor asks Telegram as the bot would, and the queue as the web process would.
    "cli": {"config", "db", "secretbox", "models", "services", "texts", "cli", "bot", "jobs"},
    "sandbox": {"sandbox", "zalo"},
}
HOMES = {
    "httpx": {"zalo"},
    "httpx_aiohttp": {"zalo"},
    "aiohttp": {"zalo", "sandbox"},
    "telegram": {"bot"},
    "flask": {"webhook"},
    "huey": {"jobs"},
    "apscheduler": {"clock"},
    "click": {"cli", "manage", "sandbox"},
    "gevent": {"webhook"},
    "cryptography": {"secretbox", "config", "cli"},
}


def files() -> list[Path]:
    found = [ROOT / f"{name}.py" for name in PLACES if (ROOT / f"{name}.py").exists()]
    for name in PLACES:
        found += sorted((ROOT / name).rglob("*.py"))
    return found


def place(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    """No lower layer knows a higher one, and each library is imported only where it lives."""
    here = place(path)
    # These two files wire a process together, as jobs.py and clock.py do.
    extra = {"jobs"} if path.name in {"gunicorn.py", "__main__.py"} and here != "sandbox" else set()
    for name in imports(path):
        if name in PLACES:
            assert name in PLACES[here] | extra, f"{here} may not import {name}"
        if name in HOMES:
            assert here in HOMES[name], f"{name} may not be imported in {here}"


def test_no_root_module_hides_one_of_the_standard_library():
    """A root module named queue or secrets would break other people's imports."""
    # A folder without __init__.py (locale/ holds texts only) gives way to a module of that name.
    roots = {path.stem for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert not roots & set(sys.stdlib_module_names)


def test_only_config_reads_the_environment():
    """Settings come from one place, so that a wrong one is refused in one place."""
    readers = {
        str(path.relative_to(ROOT))
        for path in files()
        if any(word in path.read_text(encoding="utf-8") for word in ("os.environ", "os.getenv"))
    }
    # The demo starts other processes and hands its environment on to them.
    assert {name for name in readers if not name.startswith("sandbox/demo")} <= {"config.py"}


@pytest.mark.parametrize("package", ["zalo", "services.desk", "webhook", "bot", "clock", "manage", "sandbox"])
def test_importing_does_nothing(package, tmp_path):
    """An import opens no file, no socket and needs no settings."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {package}"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def pinned(*names: str) -> dict[str, Requirement]:
    lines = [line.strip() for name in names for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]
    return {canonicalize_name(each.name): each for each in found}


def test_every_package_is_pinned_with_all_it_needs():
    """Two installs of the same checkout are the same."""
    packages = pinned("requirements.txt", "requirements-dev.txt")
    for each in packages.values():
        assert str(each.specifier).startswith("=="), each
        extras = {"", *each.extras}
        for needed in map(Requirement, metadata.requires(each.name) or []):
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                assert canonicalize_name(needed.name) in packages, f"{each.name} needs {needed.name}"


def test_every_imported_package_is_pinned():
    """What the code imports is on the list, not just on this machine."""
    homes, packages = metadata.packages_distributions(), pinned("requirements.txt")
    for path in files():
        for name in imports(path) - set(sys.stdlib_module_names) - set(PLACES):
            assert {canonicalize_name(home) for home in homes[name]} & set(packages), f"{path}: {name}"
