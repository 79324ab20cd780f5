"""A cool-down that continues without readings: the printer was disconnected or switched off while it was hot."""

from __future__ import annotations

import math

from ..estimation.estimator import Shape
from ..frozen import frozen

#: Straight parts that its curve is drawn with.
SHAPE_PARTS = 24


@frozen
class CoolDown:
    """The expected curve: from `actual` °C at `since` to `threshold` °C at `reached_at`, towards `ambient` °C.

    A heater at rest has reached its threshold, the temperature that was read last, and stays there.
    Times in monotonic seconds. After `until` it is too uncertain to be published.
    """

    since: float
    actual: float
    reached_at: float
    threshold: float
    ambient: float
    until: float

    def shape(self, at: float) -> Shape:
        """Return the curve from `at` to the threshold as `Estimator.shape`, empty after it."""
        rest = self.reached_at - at
        if rest <= 0:
            return ()
        shares = [number / SHAPE_PARTS for number in range(SHAPE_PARTS + 1)]
        return tuple((share, self.temperature(at + share * rest)) for share in shares)

    def temperature(self, at: float) -> float:
        """Return the expected temperature in °C: Newton's law of cooling through both points.

        With a threshold that the ambient temperature does not allow, it is a straight line that ends there.
        """
        duration = self.reached_at - self.since
        share = (at - self.since) / duration if duration > 0 else 1.0
        above, left = self.actual - self.ambient, self.threshold - self.ambient
        if left <= 0 or above <= left:
            return self.actual + (self.threshold - self.actual) * min(max(share, 0.0), 1.0)
        return self.ambient + above * math.exp(share * math.log(left / above))
