"""The picture of 24 hours."""

from __future__ import annotations

from typing import Any

from django import template

from ..queries import Situation

register = template.Library()
WIDTH, HEIGHT = 30, 120


@register.inclusion_tag("alarms/hours.html")
def hours_chart(situation: Situation) -> dict[str, Any]:
    """Three bars an hour, beside each other; the table below says the same."""
    bars = []
    for place, hour in enumerate(situation.hours):
        for offset, (kind, count) in enumerate(
            (("in", hour.signed_in), ("failed", hour.failed), ("refused", hour.refused))
        ):
            tall = round(count * HEIGHT / situation.most)
            bars.append({"x": place * WIDTH + 3 + offset * 8, "y": HEIGHT - tall, "height": tall, "kind": kind})
    marks = [{"x": n * WIDTH, "hour": situation.hours[n].at} for n in range(0, 24, 4)]
    return {"bars": bars, "marks": marks, "width": 24 * WIDTH, "height": HEIGHT, "most": situation.most}
