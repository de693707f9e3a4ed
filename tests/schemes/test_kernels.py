"""Repair kernels: the documented values, by date, and the repairs that rest on them."""

import pytest
from hand_frames import catalogue

from scoring.documents import parse
from scoring.schemes.bibliography import shared
from scoring.schemes.faults import Known, faults
from scoring.schemes.kernels import kernel_at, kernels, span
from scoring.schemes.showing import central

DOCUMENTED = {  # days shown before a repair may be asked for (None: no repair), and at most; a month is 30 days
    "notice_527_2019.ordinary": (90, 365),
    "notice_527_2019.serious": (180, 1095),
    "notice_527_2019.special": (None, 1095),
    "order_58_2023.penalty": (90, 1095),
    "order_58_2023.safety": (365, 1095),
    "order_36_2026.minor": (0, 90),
    "order_36_2026.ordinary": (90, 365),
    "order_36_2026.serious": (365, 1095),
}
DAYS = {
    "2019-06-30": None,
    "2019-07-01": "notice_527_2019",
    "2023-04-30": "notice_527_2019",
    "2023-05-01": "order_58_2023",
    "2026-03-31": "order_58_2023",
    "2026-04-01": "order_36_2026",
    "2030-01-01": "order_36_2026",
}
REPAIR = """
in_force: {{from: "{first}", to: "{last}"}}
entries: [{{id: e, when: n_a >= 1}}]
repairs:
  - {{id: r, label: r, after: {after}, repair_kernel: {key}}}
"""


def test_every_kernel_has_the_documented_terms():
    found = {f"{name}.{kind}": (c.least, c.most) for name, k in kernels().items() for kind, c in k.classes.items()}
    assert found == DOCUMENTED


@pytest.mark.parametrize("day", DAYS)
def test_the_kernel_in_force_is_found_by_date(day):
    found = kernel_at(day)
    assert (found and found[0]) == DAYS[day]


def test_only_the_newest_ends_sharing_and_sanctions_and_hides_what_is_minor():
    ends = {name: set(kernel.effect.ends) for name, kernel in kernels().items()}
    assert ends.pop("order_36_2026") == {"display", "sharing", "sanctions"}
    assert set(map(frozenset, ends.values())) == {frozenset({"display"})}
    hidden = [f"{name}.{kind}" for name, k in kernels().items() for kind, c in k.classes.items() if not c.shown]
    assert hidden == ["order_36_2026.minor"]


def cited(part):
    """Yield every mark and source inside a model's plain data."""
    if isinstance(part, dict):
        if "source" in part:
            yield part["mark"], part["source"]
        for child in part.values():
            yield from cited(child)
    elif isinstance(part, list | tuple):
        for child in part:
            yield from cited(child)


def test_what_is_documented_rests_on_a_text_and_what_is_reported_on_an_account():
    kinds = {"documented": {"primary", "copy"}, "reported": {"primary", "copy", "secondary"}}
    for kernel in kernels().values():
        told = list(cited(kernel.model_dump()))
        assert len(told) > 5
        assert [t for t in told if shared()[t[1]].kind not in kinds[t[0]]] == []


WRONG = {
    ("2026-04-01", "2030", 365, "order_36_2026.serious"): [],
    ("2025", "2030", 90, "order_36_2026.ordinary"): [],
    ("2026-04-01", "2030", 90, "order_36_2026.serious"): ["order_36_2026.serious asks for 365 days, not 90"],
    ("2026-04-01", "2030", 365, "order_36_2026.seriuos"): ["unknown kernel of repair 'order_36_2026.seriuos'"],
    ("2020", "2021", 1, "notice_527_2019.special"): ["notice_527_2019.special allows no repair before the maximum"],
    ("2020", "2026-03", 365, "order_36_2026.serious"): [
        "order_36_2026.serious is not in force while the rulebook is (2026-04-01 to 9999-12-31)"
    ],
}


@pytest.mark.parametrize("repair", WRONG)
def test_a_repair_waits_as_long_as_the_kernel_in_force_asks(repair):
    first, last, after, key = repair
    document = parse(REPAIR.format(first=first, last=last, after=after, key=key))
    told = [p for p in faults(document, Known()) if "kernel" in p.path or "after" in p.path]
    assert [p.what for p in told] == WRONG[repair]
    assert {p.line for p in told} <= {5}
    assert [p.hint for p in told if "unknown" in p.what] in ([], ["did you mean 'order_36_2026.serious'?"])


def test_the_shipped_displays_cite_the_kernel_of_their_time():
    cites = {}
    for name, loaded in catalogue().items():
        text = central(loaded).text
        for repair in text.repairs:
            if repair.repair_kernel:
                kernel, _, kind = repair.repair_kernel.partition(".")
                assert repair.after == kernels()[kernel].classes[kind].least
                assert kernel_at(span(text.in_force)[0])[0] == kernel
                cites.setdefault(name, set()).add(kernel)
    assert cites["penalty_display_2023"] == {"order_58_2023"}
    assert cites["penalty_display_2026"] == {"order_36_2026"}
