"""The token bucket."""

from __future__ import annotations

from octoprint_temp_eta.core.rate_limit import TokenBucket


def test_a_bucket_refills_and_never_holds_more_than_a_burst():
    bucket = TokenBucket(rate=10.0, burst=3.0)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(100.15)
    assert not bucket.take(100.15)
    assert [bucket.take(99999.0) for _ in range(4)] == [True, True, True, False]


def test_a_look_removes_no_token():
    bucket = TokenBucket(rate=1.0, burst=1.0)
    assert bucket.has(0.0)
    assert bucket.take(0.0)
    assert not bucket.has(0.5)
    assert bucket.has(1.0)
