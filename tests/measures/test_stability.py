import pytest

from scoring.measures import compute


@pytest.mark.parametrize(
    ("agree", "redraws", "expected"),
    [(50, 101, 0.495050), (101, 101, 1.0), (0, 101, 1.0), (5, 10, 0.444444), (9, 10, 0.8)],
)
def test_self_consistency_of_one_person(cube, study, agree, redraws, expected):
    counts = cube([{"group": "a", "outcome": "listed", "agree": agree, "redraws": redraws, "n": 1}])
    found = compute({"lottery": counts}, study(), ["self_consistency"])
    assert found["value"].to_list() == pytest.approx([expected], abs=1e-6)
    assert found["param"].to_list() == ["listed"]


def test_bands_are_read_from_their_pairs(cube, study):
    rows = [
        {
            "group": "a",
            "outcome": "band",
            "agree": 0,
            "redraws": 4,
            "below": True,
            "n": 1,
            "pairs": 2 * 1 + 1 * 0 + 1 * 0,
        },
        {"group": "a", "outcome": "band", "agree": 0, "redraws": 4, "below": False, "n": 1, "pairs": 12},
    ]
    found = compute({"lottery": cube(rows)}, study())
    assert dict(found.filter(uncertainty="seeds").select("measure", "value").iter_rows()) == {
        "self_consistency": pytest.approx((2 / 12 + 1) / 2),
        "self_consistency_below_75": 0.5,
    }


def test_mean_and_share_below_three_quarters(cube, study):
    rows = [{"group": "a", "outcome": "listed", "agree": k, "redraws": 10, "n": n} for k, n in ((9, 30), (5, 10))]
    found = compute({"lottery": cube(rows)}, study())
    values = dict(found.filter(uncertainty="seeds").select("measure", "value").iter_rows())
    assert values["self_consistency"] == pytest.approx((30 * 0.8 + 10 * 4 / 9) / 40)
    assert values["self_consistency_below_75"] == 0.25


def test_one_redraw_says_nothing(cube, study):
    counts = cube([{"group": "a", "outcome": "listed", "agree": 1, "redraws": 1, "n": 40}])
    found = compute({"lottery": counts}, study())
    assert found["value"].null_count() == found.height
    assert set(found["note"].str.slice(0, 23)) == {"fewer than two redraws;"[:23], "fewer than two redraws"}


def test_pivotal_share_by_record(cube, study):
    rows = [
        {"group": "a", "record": record, "pivotal": flag, "n": n}
        for record, n_yes in (("any", 12), ("fare_evasion", 0))
        for flag, n in ((True, n_yes), (False, 60 - n_yes))
    ]
    found = compute({"pivotal": cube(rows)}, study(), ["pivotal_record_share"]).filter(uncertainty="audit")
    assert dict(found.select("term", "value").iter_rows()) == {"any": 0.2, "fare_evasion": 0.0}
    assert dict(found.select("term", "method").iter_rows()) == {"any": "Wilson", "fare_evasion": "Clopper-Pearson"}
