"""Laws and checks: small rulebooks of which the answer is known, article by article."""

import pytest
from hand_frames import CITED, catalogue

from scoring import schemes
from scoring.documents import parse
from scoring.schemes import legality, opinion
from scoring.schemes.conditions import parse as parse_condition
from scoring.schemes.inputs import inputs
from scoring.schemes.laws import NONE, shipped
from scoring.schemes.reading import made
from scoring.schemes.rights import least
from scoring.schemes.text import SchemeText
from scoring.schemes.verdicts import VERDICTS

LAWS = shipped()

SCORE = f"""
scheme: little_suining
title: {{en: Little Suining, zh: 小睢宁}}
instrument: points scheme
law: {{title: a measure, rank: county government document, {CITED}}}
in_force: {{from: "2010", to: "2014"}}
enrolment: {{kind: automatic, text: nobody is asked, {CITED}}}
eligibility: {{when: age >= 18, text: adults, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
base: {{points: 1000, {CITED}}}
bands:
  - {{name: D, label: untrustworthy, high: 599, {CITED}}}
  - {{name: C, label: warned, low: 600, high: 849, {CITED}}}
  - {{name: A, label: trustworthy, low: 850, {CITED}}}
direct_bands: [{{id: drunk, label: d, when: n_drink_driving >= 1, band: C, because: b, {CITED}}}]
rules:
  - {{id: petition, label: p, per: n_petitioning, points: -50, because: b, actionable: now, {CITED}}}
  - {{id: ticket, label: t, per: n_traffic_violation, points: -50, because: b, actionable: now, {CITED}}}
  - {{id: place, label: h, when: hukou_place == local, points: 5, because: b, actionable: immutable, {CITED}}}
  - {{id: blood, label: b, per: n_blood_donation, points: 10, because: b, actionable: now, {CITED}}}
  - {{id: births, label: o, points: -35, because: b, actionable: now, unmodelled: true, {CITED}}}
sanctions: [{{context: welfare, {CITED}}}, {{context: loans, {CITED}}}]
rewards: [{{context: heating, {CITED}}}]
outcomes:
  restricted: {{label: r, polarity: adverse, bands: [C, D], {CITED}}}
omitted: [{{id: online_speech, why: no value, source: X}}, {{id: family_honour, why: no value, source: X}}]
"""
LOSSES = f"sanctions: [{{context: welfare, {CITED}}}, {{context: loans, {CITED}}}]\n"
LIST = f"""
scheme: little_list
title: {{en: Little list}}
instrument: list regime
law: {{title: a text, rank: departmental rule, {CITED}}}
in_force: {{from: "2017"}}
enrolment: {{kind: automatic, text: nobody is asked, {CITED}}}
eligibility: {{when: age >= 18, text: adults, {CITED}}}
sources: {{X: {{title: x, where: here}}}}
entries:
  - {{id: refuses, label: r, when: n_judgment_refusal >= 1, because: b, term: {{days: 730, {CITED}}}, {CITED}}}
  - {{id: listed, label: j, when: listed__another == 1, because: b, term: {{days: 1825, {CITED}}}, {CITED}}}
sanctions: [{{context: loans, {CITED}}}, {{context: publication, {CITED}}}]
outcomes:
  listed: {{label: on it, polarity: adverse, listed: true, {CITED}}}
"""


def ready(text):
    return made(parse(text).validated(SchemeText))


def found(text, provision):
    """Return what one provision says of a rulebook: about, id, record and verdict."""
    key, law = next((k, one) for k, one in LAWS.items() if provision in {p.id for p in one.provisions})
    told = [f.told for f in legality.judged(ready(text), key, law).findings if f.provision.id == provision]
    return {(t.about, t.id, t.record, t.verdict) for t in told}


def whole(verdict, scheme="little_suining"):
    return {("scheme", scheme, "", verdict)}


def low(name):
    return [("rank: departmental rule", f"rank: {name}")]


BLAMED = [("outcome", "restricted", "")]
TAKEN = [("sanction", "welfare", ""), ("sanction", "loans", "")]
OF_LIST = [("sanction", "loans", ""), ("sanction", "publication", "")]
CONSENT = [("kind: automatic", "kind: consent")]
LEARNED = f"learned: {{estimator: logistic_regression, features: [sex], target: n_a >= 1, {CITED}}}\n"
ADVERSE = f"points: -35, because: b, actionable: now, unmodelled: true, {CITED}"
PAYS = [(ADVERSE, f"points: 0, because: b, actionable: now, unmodelled: true, {CITED}"), (LOSSES, "")]
HARMLESS = [
    *PAYS,
    ("points: -50", "points: 50"),
    ("polarity: adverse, bands: [C, D]", "polarity: favourable, bands: [A]"),
    ("direct_bands:", "notes: [x] #"),
]
UNREAD = "rank: county government document", "rank: unknown"
CASES = {
    # A score of persons.
    "a score that punishes": (SCORE, [], "ndrc_score", {(*x, "not allowed") for x in [*TAKEN, *BLAMED]}),
    "a score that only names": (
        SCORE,
        [(LOSSES, ""), ("bands: [C, D]", "named_only: true, bands: [C, D]")],
        "ndrc_score",
        {("outcome", "restricted", "", "unknown")},
    ),
    "a low score closes welfare": (
        SCORE,
        [],
        "ndrc_services",
        {("sanction", "welfare", "", "not allowed"), ("sanction", "loans", "", "unknown")},
    ),
    "a score that only rewards": (
        SCORE,
        [(LOSSES, ""), ("polarity: adverse, bands: [C, D]", "polarity: favourable, bands: [A]")],
        "ndrc_score",
        whole("allowed"),
    ),
    "a list has no score": (LIST, [], "ndrc_score", set()),
    "records and their documents": (
        SCORE,
        [],
        "gbf49_document",
        {
            ("rule", "petition", "petitioning", "no basis found"),
            ("rule", "ticket", "traffic_violation", "allowed"),
            ("rule", "births", "births", "unknown"),
            ("direct band", "drunk", "drink_driving", "allowed"),
        },
    ),
    "a record of a rulebook alone, by how its name begins": (
        SCORE,
        [("id: births", "id: petition_beijing"), ("n_petitioning", "n_traffic_violation")],
        "gbf49_document",
        {
            ("rule", "petition", "traffic_violation", "allowed"),
            ("rule", "ticket", "traffic_violation", "allowed"),
            ("rule", "petition_beijing", "petition_beijing", "no basis found"),
            ("direct band", "drunk", "drink_driving", "allowed"),
        },
    ),
    "a band takes rights": (SCORE, [], "gbf49_measure", {(*x, "not allowed") for x in [*TAKEN, *BLAMED]}),
    "a firm is supervised by grade": (
        SCORE,
        [("instrument: points scheme", "instrument: rating\nsubject: firm")],
        "gbf49_measure",
        {(*x, "unknown") for x in [*TAKEN, *BLAMED]},
    ),
    "sanctions of another field": (SCORE, [], "gbf49_field", {(*x, "no basis found") for x in TAKEN}),
    "banks are asked": (SCORE, [], "gbf49_private", {("sanction", "loans", "", "unknown")}),
    "nobody is at discretion": (SCORE, [], "gbf49_discretion", set()),
    "discretion at large": (
        SCORE,
        [(ADVERSE, f"discretionary: true, {ADVERSE}")],
        "gbf49_discretion",
        {("rule", "births", "", "no basis found")},
    ),
    "discretion to reward is no punishment": (
        SCORE,
        [("points: 10,", "discretionary: true, points: 10,")],
        "gbf49_discretion",
        set(),
    ),
    "discretion by law": (
        SCORE,
        [(ADVERSE, f"discretionary: true, {ADVERSE}"), ("rank: county government document", "rank: law")],
        "gbf49_discretion",
        {("rule", "births", "", "unknown")},
    ),
    "no way back was read": (SCORE, [], "gbf49_repair", whole("unknown")),
    "no way back": (SCORE, [("omitted:", "repair: none\nomitted:")], "gbf49_repair", whole("not allowed")),
    "a way back in words": (SCORE, [("omitted:", "repair: by deeds\nomitted:")], "order_58_2", whole("allowed")),
    "records in no catalogue": (
        SCORE,
        [],
        "catalogue_2021",
        {
            ("rule", "petition", "petitioning", "no basis found"),
            ("rule", "blood", "blood_donation", "no basis found"),
            ("rule", "place", "hukou_place", "no basis found"),
            ("rule", "ticket", "traffic_violation", "allowed"),
            ("rule", "births", "births", "unknown"),
            ("direct band", "drunk", "drink_driving", "allowed"),
            ("omitted", "online_speech", "online_speech", "unknown"),
        },
    ),
    "a protected attribute": (SCORE, [], "pipl_6", {("rule", "place", "hukou_place", "no basis found")}),
    "a protected attribute at the gate": (
        SCORE,
        [
            ("age >= 18", "age >= 18 and hukou_type == agricultural"),
            ("when: hukou_place == local", "when: tenure == x"),
        ],
        "pipl_6",
        {("eligibility", "eligibility", "hukou_type", "unknown")},
    ),
    "health and nobody asked": (SCORE, [], "pipl_28", {("rule", "blood", "blood_donation", "no basis found")}),
    "health by consent": (SCORE, CONSENT, "pipl_28", {("rule", "blood", "blood_donation", "unknown")}),
    "children": (
        SCORE,
        [("age >= 18", "age >= 12"), ("n_blood_donation", "n_volunteering")],
        "pipl_28",
        {("eligibility", "eligibility", "", "unknown")},
    ),
    "nobody is asked": (SCORE, [], "pipl_13", whole("no basis found")),
    "consent": (SCORE, CONSENT, "pipl_13", whole("allowed")),
    "a login": (SCORE, [("kind: automatic", "kind: login")], "pipl_13", whole("unknown")),
    "a statute": (SCORE, [("rank: county government document", "rank: law")], "pipl_13", whole("allowed")),
    "no power by law": (SCORE, CONSENT, "pipl_34", whole("no basis found")),
    "a power by law": (SCORE, [("rank: county government document", "rank: law")], "pipl_34", whole("allowed")),
    "an unknown rank": (SCORE, [("rank: county government document", "rank: unknown")], "pipl_34", whole("unknown")),
    "an open table, and a price": (
        SCORE,
        [],
        "pipl_24",
        whole("allowed") | whole("unknown") | {("reward", "heating", "", "unknown")},
    ),
    "a family": (
        SCORE,
        [("rewards: [{context: heating", "family: true\nrewards: [{context: army")],
        "pipl_24",
        whole("unknown"),
    ),
    "an opaque score": (
        SCORE,
        [("rewards: [{context: heating", f"{LEARNED}rewards: [{{context: army")],
        "pipl_24",
        whole("not allowed") | whole("unknown"),
    ),
    "nothing is said of notice": (SCORE, [], "pipl_35", whole("unknown")),
    "who consents is told": (SCORE, CONSENT, "pipl_35", whole("allowed")),
    "some are told": (
        SCORE,
        [("omitted:", f"notice: {{kind: some, text: not all are told, {CITED}}}\nomitted:")],
        "pipl_35",
        whole("not allowed"),
    ),
    # Ranks that nobody read, and edges.
    "a field of an unknown rank": (LIST, low("unknown"), "gbf49_field_of_list", whole("unknown", "little_list")),
    "criteria of an unknown rank": (LIST, low("unknown"), "gbf49_criteria", whole("unknown", "little_list")),
    "criteria of one place": (LIST, low("city programme"), "gbf49_criteria", set()),
    "criteria of a score": (SCORE, [UNREAD], "gbf49_criteria", set()),
    "measures of an unknown rank": (LIST, low("unknown"), "gbf49_measure", {(*x, "unknown") for x in OF_LIST}),
    "nobody asked, rank unknown": (SCORE, [UNREAD], "pipl_13", whole("unknown")),
    "nobody asked, by policy": (LIST, low("central policy"), "pipl_13", whole("unknown", "little_list")),
    "told afterwards": (
        SCORE,
        [("omitted:", f"notice: {{kind: after, text: by post, {CITED}}}\nomitted:")],
        "pipl_35",
        whole("allowed"),
    ),
    "a record that tells of an account": (
        SCORE,
        [("n_blood_donation", "n_card_overdue")],
        "pipl_28",
        {("rule", "blood", "card_overdue", "unknown")},
    ),
    "fourteen is no child": (SCORE, [("age >= 18", "age >= 14"), ("n_blood_donation", "n_bravery")], "pipl_28", set()),
    "a score that harms nobody needs no way back": (SCORE, HARMLESS, "gbf49_repair", set()),
    "a deduction alone needs a way back": (SCORE, HARMLESS[:-2], "gbf49_repair", whole("unknown")),
    "a listing alone needs a way back": (
        LIST,
        [("sanctions:", "notes: [x] #")],
        "gbf49_repair",
        whole("unknown", "little_list"),
    ),
    "three years are not too long": (
        LIST,
        [("days: 1825", "days: 1095"), ("days: 730", "days: 1096")],
        "order_36_term",
        {("entry", "refuses", "", "not allowed"), ("entry", "listed", "", "allowed")},
    ),
    "a list that also grades": (
        LIST,
        [("sanctions:", f"bands: [{{name: all, label: a, {CITED}}}]\nsanctions:"), *low("law")],
        "gbf49_measure",
        {(*x, "allowed") for x in OF_LIST},
    ),
    # A list.
    "a field set by departmental rule": (LIST, [], "gbf49_field_of_list", whole("unknown", "little_list")),
    "a field set by policy": (LIST, low("central policy"), "gbf49_field_of_list", whole("allowed", "little_list")),
    "a field set by a city": (
        LIST,
        low("city government document"),
        "gbf49_field_of_list",
        whole("not allowed", "little_list"),
    ),
    "criteria by departmental rule": (LIST, [], "gbf49_criteria", whole("allowed", "little_list")),
    "criteria by departmental document": (
        LIST,
        low("departmental document"),
        "gbf49_criteria",
        whole("not allowed", "little_list"),
    ),
    "criteria by judicial interpretation": (
        LIST,
        low("judicial interpretation"),
        "gbf49_criteria",
        whole("unknown", "little_list"),
    ),
    "a national list is no local one": (LIST, [], "gbf49_local_list", set()),
    "a local list by regulation": (LIST, low("local regulation"), "gbf49_local_list", whole("allowed", "little_list")),
    "a local list by document": (LIST, low("village rule"), "gbf49_local_list", whole("not allowed", "little_list")),
    "a redlist is no list of the dishonest": (
        LIST,
        [("sanctions:", "redlist: true\nsanctions:")],
        "gbf49_field_of_list",
        set(),
    ),
    "told before": (
        LIST,
        [("sanctions:", f"notice: {{kind: before, text: seven days, {CITED}}}\nsanctions:")],
        "gbf49_told",
        whole("allowed", "little_list"),
    ),
    "told after": (
        LIST,
        [("sanctions:", f"notice: {{kind: after, text: by post, {CITED}}}\nsanctions:")],
        "gbf49_told",
        whole("not allowed", "little_list"),
    ),
    "nothing said of telling": (LIST, [], "gbf49_told", whole("unknown", "little_list")),
    "measures of a departmental rule": (LIST, [], "gbf49_measure", {(*x, "unknown") for x in OF_LIST}),
    "measures of a law": (LIST, low("law"), "gbf49_measure", {(*x, "allowed") for x in OF_LIST}),
    "measures of a memorandum": (
        LIST,
        low("departmental document"),
        "gbf49_measure",
        {(*x, "not allowed") for x in OF_LIST},
    ),
    "related and unrelated": (
        LIST,
        [("context: publication", "context: library"), *low("city government document")],
        "gbf49_field",
        {("sanction", "loans", "", "allowed"), ("sanction", "library", "", "no basis found")},
    ),
    "unrelated by a high text": (
        LIST,
        [("context: publication", "context: library")],
        "gbf49_field",
        {("sanction", "loans", "", "allowed"), ("sanction", "library", "", "unknown")},
    ),
    "a record of no known field": (
        LIST,
        [("n_judgment_refusal", "n_shouting"), ("sanctions: [", f"sanctions: [{{context: library, {CITED}}}] #")],
        "gbf49_field",
        {("sanction", "library", "", "unknown")},
    ),
    "names published by a city": (
        LIST,
        low("city government document"),
        "pipl_25",
        {("sanction", "publication", "", "no basis found")},
    ),
    "names published by a ministry": (LIST, [], "pipl_25", {("sanction", "publication", "", "unknown")}),
    "repairs": (
        LIST,
        [("sanctions:", f"repairs: [{{id: pays, label: pays, because: b, {CITED}}}]\nsanctions:")],
        "order_36_2",
        whole("allowed", "little_list"),
    ),
    "five years are too long": (
        LIST,
        [],
        "order_36_term",
        {("entry", "refuses", "", "allowed"), ("entry", "listed", "", "not allowed")},
    ),
    "no term was read": (
        LIST,
        [(f"term: {{days: 730, {CITED}}}, ", ""), ("days: 1825", "days: open")],
        "order_36_term",
        {("entry", "refuses", "", "unknown"), ("entry", "listed", "", "unknown")},
    ),
    "a list joined": (
        LIST,
        [],
        "catalogue_2024",
        {("entry", "refuses", "judgment_refusal", "allowed"), ("entry", "listed", "listed", "allowed")},
    ),
    "a local regulation can add": (
        LIST,
        [("n_judgment_refusal", "n_petitioning"), *low("local regulation")],
        "catalogue_2024",
        {("entry", "refuses", "petitioning", "unknown"), ("entry", "listed", "listed", "allowed")},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_each_provision_says(name):
    text, edits, provision, expected = CASES[name]
    for right, wrong in edits:
        assert right in text
        text = text.replace(right, wrong)
    assert found(text, provision) == expected


def test_every_provision_has_a_check_and_a_case_of_its_own():
    provisions = [p.id for law in LAWS.values() for p in law.provisions]
    assert sorted(provisions) == sorted(legality.CHECKS)
    assert len(set(provisions)) == len(provisions)
    assert {case[2] for case in CASES.values() if case[3]} == set(provisions)


def test_little_suining_is_flagged_for_petitioning_and_for_what_low_bands_lose():
    judgement = legality.judged(ready(SCORE), "2020-49", LAWS["2020-49"])
    flagged = {f.told.id: f.told.verdict for f in judgement.findings if f.told.verdict in VERDICTS[:2]}
    assert flagged["petition"] == "no basis found"
    assert "ticket" not in flagged
    assert {"restricted", "welfare", "loans"} <= set(flagged)
    assert judgement.standing == "not in force then"
    told = opinion.told(judgement)
    assert "not in force then; today it would be:" in told
    lasting = legality.judged(ready(SCORE.replace(', to: "2014"', "")), "2020-49", LAWS["2020-49"])
    assert "in force, from 2020-12-07 on (no end of the scheme is stated):" in opinion.told(lasting)
    assert "rule petition (petitioning): rests on no judgment" in told
    assert "必须基于具体的失信行为事实" in told
    assert "named by a source and not encoded, so not checked: online_speech, family_honour" in told


def test_unknown_is_printed_and_counted():
    judgement = legality.judged(ready(SCORE), "pipl", LAWS["pipl"])
    unknown = sum(f.told.verdict == "unknown" for f in judgement.findings)
    assert unknown > 0
    assert opinion.plain(judgement)["counts"]["unknown"] == unknown
    assert f"unknown ({unknown})" in opinion.told(judgement)
    assert f", {unknown} unknown, " in opinion.told(judgement)


OUTSIDE = {
    "a law about persons": (SCORE, "subject: firm\nbase:", "pipl", "persons"),
    "a contract": (SCORE.replace("county government document", "contract terms"), "base:", "2020-49", "contract"),
    "ordinary law": (SCORE.replace("points scheme", "ordinary law"), "base:", "2020-49", "ordinary"),
    "several kinds": (SCORE, "subject: government_body\nbase:", "ndrc-2019", "government bodies"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_outside_the_scope_of_a_law_is_told_so_and_not_judged(name):
    text, head, key, told = OUTSIDE[name]
    judgement = legality.judged(ready(text.replace("base:", head, 1)), key, LAWS[key])
    assert told in judgement.outside
    assert not judgement.findings
    assert f"outside its scope: {judgement.outside}" in opinion.told(judgement)
    assert legality.judged(ready(SCORE), key, LAWS[key]).outside == ""


def test_petitioning_has_no_basis_and_is_not_called_forbidden_by_name():
    for key in ("2020-49", "catalogue-2021", "catalogue-2024"):
        assert LAWS[key].records["petitioning"] == NONE
    judgement = legality.judged(ready(SCORE), "catalogue-2021", LAWS["catalogue-2021"])
    told = " ".join(opinion.told(judgement).split())
    assert "no basis in the catalogue: none of its kinds, as far as they were read" in told
    assert "forbid" not in told


@pytest.mark.parametrize("name", catalogue())
@pytest.mark.parametrize("key", LAWS)
def test_every_rulebook_can_be_held_against_every_law(name, key):
    scheme = schemes.central(catalogue()[name])
    judgement = legality.judged(scheme, key, LAWS[key])
    told = opinion.told(judgement)
    assert bool(judgement.outside) != bool(judgement.findings or judgement.silent)
    assert all(f.told.verdict in VERDICTS and f.told.why for f in judgement.findings)
    assert len(judgement.findings) == sum(opinion.plain(judgement)["counts"].values())
    assert f"{scheme.name}: " in told
    for finding in judgement.findings:
        assert finding.told.id in told


LEAST = {
    "age >= 18": 18,
    "age >= 18 and tenure == x": 18,
    "age >= 16 and age >= 18": 18,
    "age >= 18 or tenure == x": None,
    "not age >= 18": None,
    "age > 18": None,
    "age <= 18": None,
    "years >= 18": None,
    "age >= years": None,
    "age in [18, 19]": None,
}


@pytest.mark.parametrize("condition", LEAST)
def test_the_least_age_that_a_gate_lets_through(condition):
    assert least(parse_condition(condition), "age") == LEAST[condition]


def test_inputs_have_the_sign_of_their_points():
    against = {one.id: one.against for one in inputs(ready(SCORE))}
    assert against == {
        "petition": True,
        "ticket": True,
        "place": False,
        "blood": False,
        "births": True,
        "drunk": True,
    }
    red = inputs(ready(LIST.replace("sanctions:", "redlist: true\nsanctions:")))
    assert [(one.records, one.against) for one in red] == [(("judgment_refusal",), False), (("redlisted",), False)]


def test_an_unknown_rank_of_law_is_told_with_the_ranks():
    document = parse(SCORE.replace("rank: county government document", "rank: county goverment document"))
    with pytest.raises(ValueError, match="did you mean 'county government document'"):
        document.validated(SchemeText)
