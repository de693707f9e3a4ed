"""What the rulebooks of cities and villages say, fact by fact."""

import pytest
from hand_frames import catalogue, frame_of

from scoring import population, workspace
from scoring.documents import Refused, parse
from scoring.schemes.gaps import gaps, gaps_of
from scoring.schemes.showing import central

CATALOGUE = catalogue()
CITIES = [
    "wendeng_2020",
    "wendeng_village_2020",
    "rongcheng_2016",
    "rongcheng_2021",
    "rongcheng_village",
    "weihai_2018",
    "suqian_2018",
    "suzhou_2016",
    "hangzhou_2018",
    "fuzhou_2018",
    "xiamen_2018",
    "suining_2010",
    "shanghai_app_2016",
    "yangqiao_village",
    "yiwu_2017",
    "nanjing_card_2016",
]


def verdict(name, **given):
    """Score one adult with these records under a scheme at its written defaults."""
    scheme = central(CATALOGUE[name])
    resident = {"age": 40, "tenure": "one_year_or_more", "hukou_place": "local", "internet_user": "online"}
    return scheme.score(frame_of(scheme.reads, [given], resident)).to_dicts()[0]


@pytest.mark.parametrize("name", CITIES)
def test_the_sources_stand_in_the_bibliography_alone(name):
    assert CATALOGUE[name].text.sources == {}


def test_wendeng_sends_the_courts_lists_straight_down():
    assert verdict("wendeng_2020", listed__judgment_defaulters_2017=1)["band"] == "D"
    assert verdict("wendeng_2020", n_consumption_restriction=1)["band"] == "C"
    assert verdict("wendeng_2020", n_honour_city=3, listed__judgment_defaulters_2017=1)["band"] == "D"


def test_one_prefecture_has_three_rules_for_drink_driving():
    drunk = {name: verdict(name, n_drink_driving=1) for name in ("wendeng_2020", "rongcheng_2016", "weihai_2018")}
    assert {name: (v["band"], v["score"]) for name, v in drunk.items()} == {
        "wendeng_2020": ("B", 1000),
        "rongcheng_2016": ("C", 1000),
        "weihai_2018": ("B", 950),
    }


def test_a_first_ticket_leaves_an_a_in_wendeng_and_not_in_weihai():
    assert verdict("wendeng_2020", n_traffic_violation=1)["band"] == "A"
    assert verdict("weihai_2018", n_traffic_violation=1)["band"] == "B"


def test_repeats_double_in_wendeng_as_far_as_records_go():
    plan = population.compile_recipe(population.load(workspace.find("recipe", "weihai_2020")), "equal_conduct")
    rules = {rule.id: rule for rule in CATALOGUE["wendeng_2020"].rules}
    single = {"card_overdue", "other_commercial_breach", "petitioning", "utility_arrears", "tax_arrears"}
    kinds = [r for r in rules.values() if r.per and r.points < 0 and not r.unmodelled and r.id not in single]
    assert len(kinds) == 22
    for rule in kinds:
        most = plan.records[rule.per.removeprefix("n_")].most
        assert [rules[f"{rule.id}_{n}"].points for n in range(2, most + 1)] == [rule.points] * (most - 1)
        assert f"{rule.id}_{most + 1}" not in rules
    for id_, each in (("traffic_violation", 10), ("contract_judgment", 50)):
        lost = [1000 - verdict("wendeng_2020", **{f"n_{id_}": n})["score"] for n in range(5)]
        assert lost == [0, each, 3 * each, 5 * each, 7 * each]


def test_the_tariff_of_wendeng_is_whole_and_documented():
    text = CATALOGUE["wendeng_2020"].text
    rows = [rule for rule in text.rules if not rule.because.startswith("Art. 18(4)")]
    assert (len(rows), sum(rule.unmodelled for rule in rows)) == (439, 397)
    assumed = {rule.id for rule in rows if rule.mark == "assumed"}
    assert assumed == {
        "other_commercial_breach",
        "petitioning",
        "other_social_breach",
        "official_other_measure",
        "other_official_breach",
        "other_court_breach",
        "community_gift",
        "donation",
        "other_reward",
    }
    assert all(rule.mark == "documented" for rule in rows if rule.id not in assumed)


def test_what_lasts_in_wendeng_follows_from_the_points():
    for rule in CATALOGUE["wendeng_2020"].text.rules:
        if rule.points < 0:
            assert rule.lasts == ("1 year" if rule.points >= -40 else "2 years"), rule.id


def test_a_village_counts_the_district_grade_and_gives_stars():
    plain = {"hukou_type": "agricultural", "hukou_place": "local", "employment": "self_employed"}
    assert verdict("wendeng_village_2020", **plain)["band"] == "二星"
    falls = {"n_drink_driving": 950, "n_public_order_penalty": 920, "listed__judgment_defaulters_2017": 900}
    for record, score in falls.items():
        assert verdict("wendeng_village_2020", **plain, **{record: 1})["score"] == score
    assert verdict("wendeng_village_2020", **plain | {"hukou_place": "inter_province"})["coverage"] == "ineligible"


def test_rongcheng_asks_for_consent_from_2021_and_a_low_score_has_no_consequence():
    before, after = CATALOGUE["rongcheng_2016"].text, CATALOGUE["rongcheng_2021"].text
    assert (before.enrolment.kind, after.enrolment.kind) == ("automatic", "consent")
    assert before.in_force["to"] == after.in_force["from"] == "2021-06-18"
    assert verdict("rongcheng_2021", lot__consent=9_999)["coverage"] == "unenrolled"
    assert not [o for o in after.outcomes.values() if o.polarity == "adverse"]
    assert after.sanctions == []
    assert [o for o in before.outcomes.values() if o.polarity == "adverse"]


def test_weihai_reads_neither_education_nor_work_nor_family():
    barred = {"education", "employment", "marital", "employer_type", "occupation"}
    assert not barred & set(central(CATALOGUE["weihai_2018"]).reads)
    assert {"education", "employment"} <= set(central(CATALOGUE["hangzhou_2018"]).reads)
    assert {"marital", "education"} <= set(central(CATALOGUE["suzhou_2016"]).reads)


def test_fuzhou_takes_twelve_months_of_insurance_for_hukou():
    migrant = {"hukou_place": "inter_province", "lot__consent": 0}
    assert verdict("fuzhou_2018", **migrant, social_insurance="insured")["coverage"] == "scored"
    assert verdict("fuzhou_2018", **migrant, social_insurance="uninsured")["coverage"] == "ineligible"


def test_scores_that_open_incentives_alone_have_no_adverse_outcome():
    for name in ("hangzhou_2018", "fuzhou_2018", "xiamen_2018", "rongcheng_2021", "shanghai_app_2016"):
        assert {o.polarity for o in CATALOGUE[name].text.outcomes.values()} == {"favourable"}, name


def test_low_grades_are_restricted_where_a_source_says_so():
    restricted = {n for n in CITIES if "restricted" in CATALOGUE[n].text.outcomes}
    assert restricted == {"wendeng_2020", "rongcheng_2016", "suining_2010", "yiwu_2017"}


def test_the_card_of_nanjing_is_a_reward():
    text = CATALOGUE["nanjing_card_2016"].text
    assert text.redlist
    assert text.outcomes["listed"].polarity == "favourable"


def test_what_is_not_encoded_says_why():
    found = gaps()
    assert {"beijing_2020", "wuxi_2019", "wenzhou", "qingzhen"} <= set(found)
    assert not set(found) & set(CATALOGUE)


GAP = "gaps:\n  somewhere: {title: {en: a}, place: b, known: c, why: d, mark: reported, source: NLI}\n"
WRONG = [
    ("source: NLI", "source: NLII", "unknown source 'NLII' — did you mean 'NLI'?"),
    ("why: d, ", "", "required key 'why' is missing"),
    ("why: d", "why: ''", "at least 1 character"),
    ("mark: reported", "mark: certain", "'certain' is not one of"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG)
def test_a_gap_that_is_wrong_is_told_with_its_line(right, wrong, told):
    assert gaps_of(parse(GAP))["somewhere"].why == "d"
    with pytest.raises(Refused, match=r":2  \$\.gaps\.somewhere") as refusal:
        gaps_of(parse(GAP.replace(right, wrong)))
    assert told in str(refusal.value)
