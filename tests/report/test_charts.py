"""Charts: what a chart must take."""

from scoring.report import charts


def test_a_band_that_nobody_is_in_does_not_stop_the_chart():
    rows = [
        {"group": "urban", "term": "low", "value": 0.0},
        {"group": "urban", "term": "high", "value": 0.297056},
    ]
    assert "<svg" in charts.bands(rows, "bands-toy", ["low", "high"])
