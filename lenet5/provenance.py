"""What computed a number: the code, the libraries, the machine."""

import ast
import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lenet5 import __version__

_ARITHMETIC = (
    "settings", "paper", "idx", "mnist", "normalise", "distortion", "losses", "layers",
    "networks", "rivals", "sdlm", "run", "inputs", "evaluation", "training", "engine",
    "classifiers",
)  # fmt: skip
"""The modules that a trained network or a fitted classifier depends on."""

_LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "numba", "llvmlite")


@cache
def provenance() -> dict[str, str]:
    """Version and digest of the code, versions of the libraries, Python and processor."""
    libraries = {name: _version(name) for name in _LIBRARIES}
    return {
        "lenet5": __version__,
        "code": code_digest(),
        "python": platform.python_version(),
        **libraries,
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
    }


@cache
def code_digest() -> str:
    """Sixteen digits of SHA-256 over what the modules do: comments and docstrings left out."""
    package, sha = Path(__file__).parent, hashlib.sha256()
    for name in _ARITHMETIC:
        for path in sorted([*package.glob(f"{name}.py"), *package.glob(f"{name}/*.py")]):
            sha.update(_without_docstrings(path.read_text(encoding="utf-8")).encode())
    return sha.hexdigest()[:16]


def _without_docstrings(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    return (
        isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    )


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def _processor() -> str:
    """Its name: two kinds round differently, and so train different networks."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
