"""What a run of ``@e2e`` cost and saw, as kept in ``reports/night.json`` after each of its scenarios."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.cost import Cost, dollars
from support.run_record import write_json

FILE = "night.json"


@dataclass
class NightRecord:
    """One night so far.

    Attributes:
        started: When it began, ISO 8601, UTC.
        origins: Where its recordings were made, as they call it.
        spent: Tokens and US dollars of each scenario, by its title.
        drift: In what the endpoint spoke otherwise than the embedded server, a sentence each.
        not_compared: Which model answered and which is known, when it could not be compared; else empty.
        retried: Why a scenario was begun a second time, by its title.
    """

    started: str
    origins: list[str] = field(default_factory=list)
    spent: dict[str, Cost] = field(default_factory=dict)
    drift: list[str] = field(default_factory=list)
    not_compared: str = ""
    retried: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Cost:
        """What all of it cost."""
        return sum(self.spent.values(), Cost())

    @property
    def cost_usd(self) -> str | None:
        """US dollars of all of it; None when something has no price."""
        return None if self.total.unpriced else dollars(self.total.usd)

    def write(self, reports: Path) -> None:
        """Write ``night.json``."""
        told = asdict(self)
        told["spent"] = {
            title: {"tokens": cost.tokens, "usd": str(cost.usd), "unpriced": list(cost.unpriced)}
            for title, cost in self.spent.items()
        }
        write_json(reports / FILE, {**told, "cost_usd": self.cost_usd})

    @classmethod
    def read(cls, reports: Path) -> NightRecord | None:
        """Return the last night, or None when there was none.

        Raises:
            ValueError: the file is no record of a night.
        """
        path = reports / FILE
        if not path.exists():
            return None
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            del told["cost_usd"]
            told["spent"] = {
                title: Cost(each["tokens"], Decimal(each["usd"]), tuple(each["unpriced"]))
                for title, each in told["spent"].items()
            }
            return cls(**told)
        except (ValueError, KeyError, TypeError, ArithmeticError) as error:
            raise ValueError(
                f"{path} is no record of a night ({error}); run behave --tags=@e2e again"
            ) from None
