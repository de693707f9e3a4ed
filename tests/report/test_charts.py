"""Charts: what a chart must take."""

from scoring.report import charts


def test_a_band_that_nobody_is_in_does_not_stop_the_chart():
    rows = [
        {"group": "urban", "term": "low", "value": 0.0},
        {"group": "urban", "term": "high", "value": 0.297056},
    ]
    assert "<svg" in charts.bands(rows, "bands-toy", ["low", "high"])


def test_an_undefined_share_is_left_out_and_not_drawn_as_none():
    rows = [{"group": g, "term": "low", "value": v} for g, v in (("urban", 1.0), ("rural", None))]
    drawn = charts.bands(rows, "bands-toy", ["low", "high"])
    assert "urban residents" in drawn
    assert "rural residents" not in drawn
    assert charts.bands(rows[1:], "bands-toy", ["low", "high"]) == ""
