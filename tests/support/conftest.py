"""Projects to run behave in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.project import Project, make_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Make a project for several tests that only read what one run of it left."""
    return lambda name: make_project(tmp_path_factory.mktemp(name))
