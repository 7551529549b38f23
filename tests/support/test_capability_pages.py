"""The pages of the capabilities say what the features say, all of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from behave.parser import parse_feature, parse_file

from support.capability_pages import FEATURES, pages
from support.criteria import CAPABILITIES

FILES = sorted(FEATURES.glob("*.feature"))


def lines_of(text: str) -> list[str]:
    """Return the words of each line, without the spaces that only align a table."""
    lines = (re.sub(r"\s*\|\s*", "|", re.sub(r"\s+", " ", line)).strip() for line in text.splitlines())
    return [line for line in lines if line]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_scenario_step_and_row_is_on_its_page(path: Path) -> None:
    page = lines_of(pages([parse_file(str(path))])[f"{path.stem}.md"])
    said = lines_of(path.read_text(encoding="utf-8"))
    headings = {"Rule:": "## ", "Scenario:": "### ", "Scenario Outline:": "### "}
    for line in said:
        keyword = next((word for word in headings if line.startswith(word)), None)
        if line.startswith(("@", "#", "Feature:")):
            continue
        wanted = headings[keyword] + line.removeprefix(keyword).strip() if keyword else line
        assert any(wanted in shown for shown in page), f"{path.name}: the page lacks {line!r}"


def test_the_index_leads_to_each_page() -> None:
    made = pages([parse_file(str(path)) for path in FILES])
    links = set(re.findall(r"\]\(([^)]+)\)", made["README.md"]))
    assert links == set(made) - {"README.md"}
    tags = {str(tag) for path in FILES for tag in parse_file(str(path)).tags}
    titles = [CAPABILITIES[tag].title for tag in tags if tag in CAPABILITIES]
    assert all(title in made["README.md"] for title in titles)


def test_a_feature_that_claims_no_capability_is_named() -> None:
    feature = parse_feature("@AC1\nFeature: x\n  Scenario: y\n    Given z\n", filename="features/x.feature")
    with pytest.raises(ValueError, match=r"features/x\.feature claims 0 capabilities"):
        pages([feature])
