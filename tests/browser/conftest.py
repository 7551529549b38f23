"""A browser, and the report of a green and of a deliberately red run for it to open.

These tests need a browser and run only when they are asked for: ``make browser``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support import node

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-quic",
)
QUIET += ("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001
    """Leave these tests out unless the command line names their folder."""
    return None if any("browser" in argument for argument in config.args) else True


@dataclass
class Reader:
    """A browser window with a report in it, and all that went wrong while it was read."""

    page: Any
    calls: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, report: Path) -> None:
        """Open a report from disk and wait until Allure has its data and has drawn itself, still hidden."""
        self.page.goto(report.as_uri())
        self.page.wait_for_function("window.allureReportDataReady")
        self.page.get_by_test_id("report-header").wait_for(state="attached")

    def violations(self) -> list[str]:
        """Return the serious and critical violations that the accessibility checker finds.

        Evidence stands in frames where no script may run, so each is checked as a page of its own.
        """
        found = violations(self.page)
        for frame in self.page.locator("iframe[title='HTML attachment']").all():
            alone = self.page.context.new_page()
            alone.set_content(frame.element_handle().content_frame().content())
            found += violations(alone)
            alone.close()
        return found


def violations(page: Any) -> list[str]:
    """Return what axe finds serious or critical in a page, its frames aside."""
    axe = (Path(__file__).parent / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    found = page.evaluate(
        """async (axe) => {
          eval(axe);
          return await window.axe.run(document, { iframes: false, resultTypes: ["violations"] });
        }""",
        axe,
    )
    assert found["passes"], "the checker checked nothing"
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("the browser's driver is missing; run: pip install -r requirements-browser.txt")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.fail("no browser is installed; run: apt-get install chromium, or name one in CHROMIUM")
    node.install(Path(__file__).parent)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> str:
    """How the report is looked at: ``light`` unless the test says otherwise."""
    return str(getattr(request, "param", "light"))


@pytest.fixture
def reader(browser: Any, look: str) -> Iterator[Reader]:
    """A reader who must not see an error, nor the page call anybody."""
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 900}
    context = browser.new_context(viewport=size, color_scheme="dark" if look == "dark" else "light")
    reader = Reader(context.new_page())
    reader.page.set_default_timeout(30_000)
    reader.page.on("request", lambda call: reader.calls.append(call.url))
    reader.page.on("console", lambda line: reader.complaints.append(f"{line.type}: {line.text}"))
    reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    yield reader
    context.close()
    outside = [url for url in reader.calls if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert reader.calls, "not even the page was asked for"
    assert outside == []
    assert [
        each for each in reader.complaints if each.startswith(("error", "warning")) or ":" not in each
    ] == []


def begun(reports: Path, *arguments: str) -> tuple[subprocess.Popen[str], Path, int]:
    """Begin to run a part of the @unit suite and to build its report; return what ``done`` waits for."""
    shell = (
        '"$0" -m behave --tags=@unit -D "reports=$1" "${@:2}"; '
        '"$0" -m support.report --results "$1/allure-results" --out "$1/allure-report"'
    )
    bash = shutil.which("bash")
    assert bash, "bash is needed to run behave and the report one after the other"
    process = subprocess.Popen(
        [bash, "-c", shell, sys.executable, str(reports), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return process, reports / "allure-report/index.html", 1 if "-D" in arguments else 0


def done(begun: tuple[subprocess.Popen[str], Path, int]) -> Path:
    """Return the page, once it is there."""
    process, page, code = begun
    said, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, said[-3000:]
    return page


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """A green and a red run, begun together: each waits for its endpoint as much as it computes."""
    lossy = ("-D", "adapter=tests.browser.lossy:Lossy", "features/ac2_ga_session.feature")
    runs = (
        begun(tmp_path_factory.mktemp("green"), *map(str, sorted((ROOT / "features").glob("ac*.feature")))),
        begun(tmp_path_factory.mktemp("red"), *lossy, "features/ac3_audio_received.feature"),
    )
    yield runs
    for process, _, _ in runs:  # one that no test asked about may still be running
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="session")
def green(both: tuple[Any, Any]) -> Path:
    """The report of a run in which everything holds."""
    return done(both[0])


@pytest.fixture(scope="session")
def red(both: tuple[Any, Any]) -> Path:
    """The report of a run with a client that loses a sample now and then."""
    return done(both[1])


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are left to be looked at: the folder named in PICTURES, or a temporary one."""
    named = os.environ.get("PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
