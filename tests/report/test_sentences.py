from __future__ import annotations

import math

import pytest

from tuner import Constant, Cosine
from tuner.repeats import Candidate, Confirmation, spread
from tuner.report import confirmed_sentence
from tuner.report.data import Averaging
from tuner.report.sentences import averaging_sentence, confirmed_verdict, false_prunes_sentence
from tuner.search import FalsePrunes

from .rows import ACCURACY, LOSS

COSINE = Cosine(base_lr=0.25, final_lr=0.01, horizon=40)
CONSTANT = Constant(base_lr=0.3, horizon=40)
FINALIST = Candidate("trial 7", COSINE, 7, {1: 0.90, 2: 0.91, 3: 0.92})
BASELINE = Candidate("by hand", CONSTANT, None, {1: 0.88, 2: 0.891, 3: 0.90})


def test_the_verdict_of_a_confirm_names_winner_mean_error_n_and_rival() -> None:
    # Standard error 0.01 / sqrt(3); paired differences 0.02, 0.019, 0.02: mean 0.019667, standard
    # error 0.001 / 3, t(2) = 4.303.
    assert confirmed_verdict(Confirmation((BASELINE, FINALIST), ()), ACCURACY) == (
        "The winner is trial 7, cosine with base LR 0.25: test accuracy 0.9100 ± 0.0058 (mean ±"
        " standard error over n = 3 fresh seeds), 0.0197 above the best baseline, “by hand”,"
        " constant with base LR 0.3 (0.8903 ± 0.0058; 95 % interval of the paired difference"
        " +0.0182 to +0.0211); the seeds separate it from all others."
    )


def test_means_of_other_seeds_than_their_difference_say_of_how_many_each_is() -> None:
    fewer = BASELINE._replace(accuracies={1: 0.88, 2: 0.891})  # of whom the race is over
    found = Confirmation((fewer, FINALIST), ())
    # Paired differences 0.02 and 0.019: mean 0.0195, standard error 0.0005, t(1) = 12.706.
    assert (
        "(0.8855 ± 0.0055, n = 2; 95 % interval of the paired difference over n = 2 +0.0131 to"
        " +0.0259)" in confirmed_verdict(found, ACCURACY)
    )
    assert confirmed_sentence(found, "test accuracy") == (
        "trial 7, 0.9100 ± 0.0058 on 3 seeds, +0.0195 (+0.0131..+0.0259, n = 2) against the best"
        " baseline, by hand; separated from all others"
    )


def test_a_winning_baseline_is_held_against_the_best_finalist() -> None:
    better = BASELINE._replace(accuracies={1: 0.95, 2: 0.89, 3: 0.93})
    sentence = confirmed_verdict(Confirmation((better, FINALIST), ()), ACCURACY)
    assert sentence.startswith("The winner is “by hand”, constant with base LR 0.3: ")
    assert "0.0133 above the best finalist of the search, trial 7, cosine" in sentence
    assert sentence.endswith("; the seeds do not separate it from “trial 7”.")


def test_averaged_weights_that_do_better_are_in_the_first_sentence() -> None:
    # 0.96 is 0.05 above 0.91 on every seed: differences 0.06, 0.05, 0.04, t(2) = 4.303.
    averaging = BASELINE._replace(averaged=(0.96, 0.96, 0.96))
    sentence = confirmed_verdict(Confirmation((averaging, FINALIST), ()), ACCURACY)
    assert sentence.endswith(
        "; averaged weights do better: 0.9600 ± 0.0000, “by hand”, constant with base LR 0.3,"
        " +0.0500 (+0.0252 to +0.0748) against the winner."
    )
    own = FINALIST._replace(averaged=(0.93, 0.94, 0.95))
    sentence = confirmed_verdict(Confirmation((BASELINE, own), ()), ACCURACY)
    assert "; averaged weights do better: 0.9400 ± 0.0058, its own, +0.0300" in sentence


def test_many_that_are_tied_are_counted() -> None:
    tied = [FINALIST._replace(label=f"trial {n}", trial=n) for n in range(4)]
    sentence = confirmed_verdict(Confirmation((*tied, BASELINE), ()), ACCURACY)
    assert sentence.endswith("; the seeds do not separate it from 3 others.")


def test_without_a_rival_there_is_nothing_to_hold_against() -> None:
    alone = Confirmation((FINALIST,), ())
    assert confirmed_verdict(alone, ACCURACY).endswith(" seeds), with no baseline beside it.")
    assert confirmed_sentence(alone, "test accuracy") == "trial 7, 0.9100 ± 0.0058 on 3 seeds"
    failed = Confirmation((FINALIST, BASELINE._replace(accuracies={1: None})), ())
    assert "with no baseline trained on the same seeds" in confirmed_verdict(failed, ACCURACY)


def losses(candidate: Candidate, *values: float) -> Candidate:
    return candidate._replace(accuracies=dict(enumerate(values)), minimized=True)


def test_baselines_that_diverged_are_beside_the_winner() -> None:
    found = (losses(FINALIST, 0.3, 0.4), losses(BASELINE, 0.2, math.inf))
    sentence = confirmed_verdict(Confirmation(found, ()), LOSS)
    assert "n = 2 fresh seeds), while every baseline diverged from some of them; " in sentence


def test_where_every_schedule_diverged_none_survived() -> None:
    found = (losses(FINALIST, 0.3, math.inf), losses(BASELINE, math.inf, math.inf))
    confirmation = Confirmation(found, ())
    assert confirmed_verdict(confirmation, LOSS).startswith(
        "No schedule survived the fresh seeds: even the best mean test loss is inf, that of trial"
        " 7, cosine with base LR 0.25, which diverged from 1 of 2 seeds; "
    )
    start = "no schedule survived; the first is trial 7, inf on 2 seeds"
    assert confirmed_sentence(confirmation, "test loss").startswith(start)


def test_what_weight_averaging_gives() -> None:
    gain = spread([0.01, 0.02, 0.03])
    assert gain is not None
    assert averaging_sentence(Averaging(0.91, gain), 7, 0.9, ACCURACY) == (
        "Your schedule plus weight averaging gives 0.9100 at the end of trial 7, in place of"
        " 0.9000. Over all complete trials averaging changes the accuracy by +0.0200 ± 0.0058"
        " (mean ± standard error, n = 3)."
    )
    assert averaging_sentence(None, 7, 0.9, ACCURACY) == ""


@pytest.mark.parametrize(
    ("found", "share", "sentence"),
    [
        (
            FalsePrunes(8, 5, 4, 1), 0.1,
            "Measured on 8 trials that may never be pruned: pruning would have ended 5. Of"
            " the 4 that are among the best tenth of the study it would have ended 1: a"
            " false-prune rate of 25 %.",
        ),
        (
            FalsePrunes(1, 1, 0, 0), 0.1,
            "Measured on 1 trial that may never be pruned: pruning would have ended 1;"
            " none of them is among the best tenth of the study.",
        ),
        (
            FalsePrunes(0, 0, 0, 0), 0.0,
            "How many good trials pruning misses was not measured, as every sampled trial may be"
            " pruned; “control_share = 0.1” under [pruner] measures it on a tenth of the trials.",
        ),
        (
            FalsePrunes(0, 0, 0, 0), 0.1,
            "How many good trials pruning misses is not measured yet, as no trial that is never"
            " pruned is complete.",
        ),
    ],
)  # fmt: skip
def test_the_false_prune_rate_in_words(found: FalsePrunes, share: float, sentence: str) -> None:
    assert false_prunes_sentence(found, share) == sentence
