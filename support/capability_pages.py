"""A page for each capability, out of its feature: what is promised, rule by rule, and what shows it.

``python -m support.capability_pages`` writes them in Markdown to ``reports/capabilities``. A page cannot say
more than the feature does, for it is the feature.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from behave.model import Feature, Rule, Scenario, ScenarioOutline, Step, Table
from behave.parser import parse_file

from support.criteria import CAPABILITIES, LEVELS, Criterion

FEATURES = Path("features/capabilities")


def pages(features: Iterable[Feature]) -> dict[str, str]:
    """Return the page of each capability by its file name, and ``README.md`` that leads to them.

    Raises:
        ValueError: a feature claims no capability that is known.
    """
    made: dict[str, str] = {}
    index = ["# What is promised beyond the seven criteria", ""]
    for feature in features:
        capability = _claimed(feature)
        name = f"{Path(feature.filename).stem}.md"
        made[name] = "\n".join(_page(feature, capability))
        index.append(f"- [{capability.title}]({name}): {capability.text}")
    return made | {"README.md": "\n".join([*index, ""])}


def _claimed(feature: Feature) -> Criterion:
    claimed = [CAPABILITIES[str(tag)] for tag in feature.tags if str(tag) in CAPABILITIES]
    if len(claimed) != 1:
        raise ValueError(f"{feature.filename} claims {len(claimed)} capabilities; tag it with one @CAP-…")
    return claimed[0]


def _page(feature: Feature, capability: Criterion) -> Iterator[str]:
    yield f"# {capability.title}"
    yield f"\n{capability.text}\n"
    yield " ".join(feature.description)
    yield f"\n`behave --tags=@{capability.id}` runs what follows; it is `{feature.filename}`."
    for item in feature.run_items:
        if isinstance(item, Rule):
            yield f"\n## {item.name}"
            for scenario in item.run_items:
                yield from _scenario(scenario)
        else:
            yield from _scenario(item)
    yield ""


def _scenario(scenario: Scenario | ScenarioOutline) -> Iterator[str]:
    level = next((LEVELS[str(tag)] for tag in scenario.tags if str(tag) in LEVELS), "")
    yield f"\n### {scenario.name}"
    yield f"\n{level}\n" if level else ""
    yield "```gherkin"
    for step in scenario.steps:
        yield from _step(step)
    for examples in getattr(scenario, "examples", ()):
        yield f"\nExamples: {examples.name}".rstrip()
        yield from _table(examples.table)
    yield "```"


def _step(step: Step) -> Iterator[str]:
    yield f"{step.keyword} {step.name}"
    if step.table is not None:
        yield from _table(step.table)


def _table(table: Table) -> Iterator[str]:
    rows = [table.headings, *(row.cells for row in table)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.headings))]
    for row in rows:
        yield f"  | {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"


def main() -> int:
    """Write the pages and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--into", type=Path, default=Path("reports/capabilities"), help="the folder of the pages"
    )
    folder: Path = parser.parse_args().into
    folder.mkdir(parents=True, exist_ok=True)
    features = [parse_file(str(path)) for path in sorted(FEATURES.glob("*.feature"))]
    for name, text in pages(features).items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(features)} capabilities: {folder / 'README.md'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
