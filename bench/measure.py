"""Rounds, medians and the one JSON line that every workload ends with."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Result:
    """Figures of the rounds: ours and the limit pairwise, further floors beside them."""

    id: str
    unit: str
    goal: str
    ours: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    floor: dict[str, list[float]] = field(default_factory=dict)
    extra: dict[str, object] = field(default_factory=dict)

    def ratios(self) -> list[float]:
        """Ours to the limit, round by round: the machine's speed drifts, the ratio does not."""
        return [a / b for a, b in zip(self.ours, self.limit, strict=True)]

    def finish(self, met: Callable[[float, Mapping[str, float]], bool]) -> bool:
        """Print the JSON line; returns whether the goal was met."""
        ratios = self.ratios()
        middle = statistics.median(ratios)
        spread = 0.0
        if len(ratios) >= 3:
            low, _mid, high = statistics.quantiles(ratios, n=4)
            spread = (high - low) / middle
        floor = {name: round(statistics.median(values), 4) for name, values in self.floor.items()}
        line = {
            "id": self.id,
            "ours": round(statistics.median(self.ours), 4),
            "limit": round(statistics.median(self.limit), 4),
            "ratio": round(middle, 4),
            "unit": self.unit,
            "floor": floor,
            "rounds": len(ratios),
            "spread": round(spread, 4),
            "goal": self.goal,
            "met": met(middle, floor),
            **self.extra,
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)
        return bool(line["met"])


def say(text: str) -> None:
    """Progress, for people."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
