"""The falsification matrix: what each judge did to each mutant, and whether that surprises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from support.criteria import CRITERIA
from support.mutants import BENIGN, Mutant

KILL, SURVIVE = "kill", "survive"
OTHER_REASON = "kill for another reason"
LEAST_KILLS = 3


@dataclass
class Cell:
    """What one judge did to one mutant.

    Attributes:
        predicted: ``kill`` or ``survive``.
        observed: ``kill``, ``survive``, or ``kill for another reason``.
        ran: How many of the judge's scenarios, or tests, were run: those that the mutant touches.
        scenario: The scenario that turned red.
        step: Its step that failed.
        reason: What the step said.
        before: The first frame that was changed, as it was; empty when no frame was.
        after: What stood in for it.
        seconds: How long it took.
    """

    predicted: str
    observed: str = SURVIVE
    ran: int = 0
    scenario: str = ""
    step: str = ""
    reason: str = ""
    before: str = ""
    after: str = ""
    seconds: float = 0.0

    @property
    def as_predicted(self) -> bool:
        """Whether nothing surprised."""
        return self.predicted == self.observed


@dataclass
class Row:
    """One mutant and what each of its judges did to it."""

    id: str
    plane: str
    title: str
    cells: dict[str, Cell] = field(default_factory=dict)

    @classmethod
    def of(cls, mutant: Mutant) -> Row:
        """Return the row of a mutant that nobody has judged yet."""
        cells = {judge: Cell(KILL if judge in mutant.kills else SURVIVE) for judge in mutant.judges}
        return cls(mutant.id, mutant.plane, mutant.title, cells)

    @property
    def seconds(self) -> float:
        """How long its judges took together."""
        return round(sum(cell.seconds for cell in self.cells.values()), 2)

    @property
    def killers(self) -> set[str]:
        """The judges that killed the mutant for the predicted reason."""
        return {judge for judge, cell in self.cells.items() if cell.observed == KILL}

    @property
    def met(self) -> int:
        """How many scenarios and tests the mutant has touched."""
        return sum(cell.ran for cell in self.cells.values())


def problems_of(rows: Sequence[Row], *, whole: bool) -> list[str]:
    """Return what is not as it must be, each a sentence.

    Args:
        rows: The matrix.
        whole: Whether every mutant was run, so that what must hold of all of them can be asked.
    """
    problems = [
        f"{row.id} x {judge}: predicted {cell.predicted}, observed {cell.observed}"
        + (f": «{cell.scenario}» at «{cell.step}»: {cell.reason}" if cell.reason else "")
        for row in rows
        for judge, cell in row.cells.items()
        if not cell.as_predicted
    ]
    problems += [f"{each} survives everywhere: nothing catches it" for each in survivors(rows)]
    problems += [f"{row.id} touches nothing, so its survival says nothing" for row in rows if not row.met]
    for criterion in CRITERIA if whole else ():
        kills = sum(criterion in row.killers for row in rows)
        if kills < LEAST_KILLS:
            problems.append(f"{criterion} kills {kills} mutants; at least {LEAST_KILLS} are due")
        if not any(row.plane == BENIGN and _survived(row, criterion) for row in rows):
            problems.append(f"{criterion} survives no benign mutant")
    return problems


def survivors(rows: Sequence[Row]) -> list[str]:
    """Return the mutants that do harm and that nothing catches."""
    return [row.id for row in rows if row.plane != BENIGN and not row.killers]


def _survived(row: Row, criterion: str) -> bool:
    cell = row.cells.get(criterion)
    return cell is not None and cell.ran > 0 and cell.observed == SURVIVE


def as_json(rows: Sequence[Row], problems: Sequence[str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the matrix for machines.

    Args:
        rows: The matrix.
        problems: As ``problems_of`` has them.
        facts: What else is known of the run, each under its name.
    """
    return {
        "mutants": [
            {
                "id": row.id,
                "plane": row.plane,
                "title": row.title,
                "predicted": {judge: cell.predicted for judge, cell in row.cells.items()},
                "observed": {judge: cell.observed for judge, cell in row.cells.items()},
                "reason": {judge: asdict(cell) for judge, cell in row.cells.items() if cell.reason},
                "ran": {judge: cell.ran for judge, cell in row.cells.items()},
                "seconds": row.seconds,
            }
            for row in rows
        ],
        "survivors": survivors(rows),
        "unpredicted": [
            {"mutant": row.id, "criterion": judge, "observed": cell.observed, "reason": cell.reason}
            for row in rows
            for judge, cell in row.cells.items()
            if not cell.as_predicted
        ],
        "problems": list(problems),
        **facts,
    }


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the matrix as lines: x a kill, . a survival, - not touched, ! a surprise, blank no judge."""
    judges = list(dict.fromkeys(judge for row in rows for judge in row.cells))
    width = max((len(row.id) for row in rows), default=0)
    yield " " * width + "  " + " ".join(f"{judge:<3}" for judge in judges)
    for row in rows:
        marks = [f"{_mark(row.cells.get(judge)):^{max(3, len(judge))}}" for judge in judges]
        yield f"{row.id:<{width}}  {' '.join(marks)}".rstrip()


def _mark(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if not cell.as_predicted:
        return "!"
    return "x" if cell.observed == KILL else "." if cell.ran else "-"
