"""The page of the falsification matrix says in words what its colours say, and opens to the evidence."""

from support.matrix import KILL, OTHER_REASON, SURVIVE, Cell, Row, as_json, problems_of
from support.matrix_page import page

FACTS = {"finished": "2026-11-25T12:00:00+00:00", "seconds": 42.0, "ran against": {"adapter": "ours:Class"}}


def drawn(**cells: Cell) -> str:
    row = Row("a-mutant", "wire", "sends <nothing>", cells)
    return page(as_json([row], problems_of([row], whole=False), FACTS))


def test_a_kill_opens_to_the_step_and_the_frame() -> None:
    kill = Cell(KILL, KILL, 1, "It is heard", "the whole answer is heard", "heard 0 bytes", '{"a": 1}', "")
    shown = drawn(AC1=kill)
    assert "✗ caught" in shown
    for words in (
        "It is heard",
        "the whole answer is heard",
        "heard 0 bytes",
        "{&quot;a&quot;: 1}",
        "it was dropped",
    ):
        assert words in shown
    assert "1 of 1 mutants that do harm are caught" in shown
    assert "Every verdict is as predicted" in shown
    assert "sends &lt;nothing&gt;" in shown


def test_a_survival_says_whether_the_mutant_was_met() -> None:
    shown = drawn(AC1=Cell(KILL, KILL, 1), AC2=Cell(SURVIVE, ran=7), AC3=Cell(SURVIVE))
    assert "7 scenarios or tests met it, and stayed green" in shown
    assert "○ not noticed" in shown
    assert "not met" in shown


def test_a_surprise_is_said_first() -> None:
    shown = drawn(AC1=Cell(KILL, OTHER_REASON, 1, reason="it timed out"))
    assert "Not every verdict is as predicted" in shown
    assert "! kill for another reason, predicted kill" in shown
    assert shown.index("Not as predicted") < shown.index("<table>")


def test_the_page_has_no_script_and_calls_nobody() -> None:
    shown = drawn(AC1=Cell(KILL, KILL, 1))
    assert "<script" not in shown
    assert "http" not in shown


def test_the_score_of_the_code_s_own_mutation_is_on_the_page_once_it_is_known() -> None:
    code = {
        "finished": "2026-11-25T03:00:00+00:00",
        "modules": ["audio.py"],
        "changes": 90,
        "judged": 60,
        "caught": 57,
        "survivors": [{}, {}, {}],
        "unexplained": ["audio.py:3 f: «a < b» → «a <= b»"],
    }
    shown = page({**as_json([], [], FACTS), "code": code})
    assert "57 of 60 changes caught" in shown
    assert "60 of 90 changes in audio.py" in shown
    assert "3 survived" in shown
    assert "a &lt;= b" in shown
