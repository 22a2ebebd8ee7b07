"""The scripts of scripts/ as modules: they are programs, and no package holds them."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import config


def load(name: str) -> ModuleType:
    """scripts/{name}.py, loaded anew."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", config.ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
