"""The report as somebody reads it who knows the product and no Python."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.browser.conftest import Reader

every_look = pytest.mark.parametrize("look", ["light", "dark", "phone"], indirect=True)
EVIDENCE = "iframe[title='HTML attachment']"
PATIENCE_S = 15.0  # a busy machine is slow; a player that plays needs a fraction of it
SEVEN = [f"AC{number}" for number in range(1, 8)]


def statuses(reader: Reader) -> dict[str, str]:
    """Return the status of each criterion in view."""
    found: dict[str, str] = reader.page.eval_on_selector_all(
        "#overview details[id^=AC]",
        "all => Object.fromEntries(all.map(each => [each.id, each.querySelector('.status').innerText]))",
    )
    return found


def open_scenario(reader: Reader, criterion: str, title: str) -> None:
    """Go from the overview to a criterion and on to a scenario, as a reader does."""
    reader.page.locator(f"#{criterion} > summary").click()
    reader.page.get_by_role("link", name=title).first.click()
    reader.page.get_by_test_id("test-result-steps-root").wait_for()


def open_attachment(reader: Reader, name: str) -> None:
    """Open an attachment by the beginning of its name."""
    reader.page.get_by_test_id("test-result-attachment-header").get_by_text(name).first.click()


@every_look
def test_the_overview_shows_the_seven_criteria_and_the_verdict(
    reader: Reader, green: Path, pictures: Path, look: str
) -> None:
    reader.open(green)
    assert statuses(reader) == dict.fromkeys(SEVEN, "✓ proven")
    assert reader.page.get_by_role("status").filter(has_text="Green: 7 proven of 7 criteria").is_visible()
    assert "first run of this selection" in reader.page.locator("#overview").inner_text()
    assert not reader.page.locator("#app").is_visible(), "nothing of Allure's may be taken for the verdict"
    assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it fits its window"
    reader.page.screenshot(path=pictures / f"green-overview-{look}.png", full_page=True)
    assert reader.violations() == []


@every_look
def test_a_criterion_leads_to_a_scenario_a_step_and_its_frames(
    reader: Reader, green: Path, pictures: Path, look: str
) -> None:
    reader.open(green)
    open_scenario(reader, "AC1", "The client opens the GA endpoint with its key alone")
    assert reader.page.locator("#verdict").inner_text() == "Overview · ✓ Green: 7 proven of 7 criteria"
    assert "100%" not in reader.page.locator("#app").inner_text()
    reader.page.get_by_test_id("test-result-step-header").filter(has_text="the client connects").click()
    open_attachment(reader, "On the wire in this step")
    frames = reader.page.frame_locator(EVIDENCE).first
    frames.get_by_text("session.created").first.wait_for()
    assert frames.get_by_role("listitem").filter(has_text="GET /v1/realtime?model=").is_visible()
    fits = "frame => frame.offsetHeight >= Math.min(frame.contentDocument.body.offsetHeight, 1600)"
    reader.page.wait_for_function(f'({fits})(document.querySelector("{EVIDENCE}"))')
    reader.page.screenshot(path=pictures / f"green-scenario-{look}.png", full_page=True)
    assert reader.violations() == []
    reader.page.locator("#verdict a").click()
    reader.page.locator("#overview").wait_for()


def test_a_refusal_leads_to_the_rule_and_its_source(reader: Reader, green: Path) -> None:
    reader.open(green)
    open_scenario(reader, "AC1", "A client of the beta is told that the protocol is retired")
    open_attachment(reader, "What went over the wire")
    frames = reader.page.frame_locator(EVIDENCE).first
    frames.get_by_text(
        "Refused by rule RT-connect-01: A handshake with the header OpenAI-Beta"
    ).first.wait_for()
    assert frames.get_by_text("This rule is captured").first.is_visible()
    source = frames.get_by_role("link", name="github.com").first
    reader.page.context.route("https://**", lambda route: route.abort())
    with reader.page.expect_popup():
        source.click()


def test_the_audio_plays(reader: Reader, green: Path, pictures: Path) -> None:
    reader.open(green)
    open_scenario(reader, "AC3", "The spoken answer is heard byte for byte")
    open_attachment(reader, "What was said and heard")
    player = reader.page.frame_locator(EVIDENCE).first.locator("audio").last
    player.wait_for()
    player.evaluate("audio => { audio.muted = true; audio.play(); }")  # no script of the page may run there
    deadline = time.monotonic() + PATIENCE_S
    while (at_s := player.evaluate("audio => audio.currentTime")) < 0.2:
        assert time.monotonic() < deadline, f"the clock stands at {at_s} s"
        reader.page.wait_for_timeout(20)
    assert player.evaluate("audio => audio.duration") > 1
    reader.page.screenshot(path=pictures / "green-audio.png", full_page=True)


def test_search_finds_a_scenario_and_the_whole_tree_makes_no_claim_of_its_own(
    reader: Reader, green: Path, pictures: Path
) -> None:
    reader.open(green)
    reader.page.get_by_role("link", name="All scenarios").click()
    search = reader.page.get_by_placeholder("Search")
    search.wait_for()
    assert "%" not in reader.page.locator("#app").inner_text()
    search.fill("key alone")
    leaf = reader.page.get_by_test_id("tree-leaf-title").filter(
        has_text="The client opens the GA endpoint with its key alone"
    )
    if not leaf.first.is_visible():
        for section in ("AC1", "The client presents its key"):
            reader.page.get_by_test_id("tree-section").filter(has_text=section).first.click()
    leaf.first.wait_for()
    assert reader.page.get_by_test_id("tree-section").filter(has_text="AC7").count() == 0
    reader.page.screenshot(path=pictures / "green-search.png")
    assert reader.violations() == []


@every_look
def test_a_red_run_says_what_failed_and_why(reader: Reader, red: Path, pictures: Path, look: str) -> None:
    reader.open(red)
    found = statuses(reader)
    assert found["AC2"] == "✓ proven"
    assert found["AC3"] == "✗ failed"
    assert "✗ Red:" in reader.page.get_by_role("status").first.inner_text()
    assert "AC3 failed in" in reader.page.locator("#overview").inner_text()
    reader.page.screenshot(path=pictures / f"red-overview-{look}.png", full_page=True)
    assert reader.violations() == []
    criterion = reader.page.locator("#AC3")
    criterion.locator("summary").click()
    criterion.locator("li:has(.o-failed) a").first.click()
    reader.page.get_by_test_id("test-result-steps-root").wait_for()
    open_attachment(reader, "Why it failed")
    frame = reader.page.frame_locator(EVIDENCE).first
    frame.get_by_text("Expected and seen").wait_for()
    frame.get_by_text("The last frames").wait_for()
    reader.page.screenshot(path=pictures / f"red-scenario-{look}.png", full_page=True)
    assert reader.violations() == []


def test_the_page_can_be_used_with_the_keyboard_alone(reader: Reader, green: Path) -> None:
    reader.open(green)
    reader.page.locator("#AC1 > summary").focus()
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.closest('details')?.id") == "AC2"
    reader.page.keyboard.press("Enter")
    assert reader.page.locator("#AC2").get_attribute("open") is not None
    reader.page.keyboard.press("Tab")
    assert reader.page.evaluate("document.activeElement.textContent").startswith("The requirement")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    reader.page.get_by_test_id("test-result-steps-root").wait_for()
