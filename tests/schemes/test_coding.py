"""The second coder's tags: each is of a rule of the catalogue, and of no rule that only doubles another."""

from scoring.schemes import coding
from tests.hand_frames import catalogue


def rules():
    for loaded in catalogue().values():
        yield from loaded.central().scored_rules if hasattr(loaded, "central") else loaded.scored_rules


def test_every_tag_is_of_a_rule_that_fires_somewhere():
    known = {rule.label for rule in rules() if not rule.unmodelled}
    assert set(coding.second()) == {label for label in known if "costs double" not in label}


def test_the_coders_do_not_always_agree():
    pairs = [pair for loaded in catalogue().values() if not hasattr(loaded, "central") for pair in coding.coded(loaded)]
    assert 0.5 < sum(first == second for first, second in pairs) / len(pairs) < 1
