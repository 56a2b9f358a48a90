"""What the comparison with independent software can tell, without R."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from attribution.spec import read_spec
from attribution.spec.families import FAMILIES
from proofs import decov, rnames, rstanarm
from proofs.posteriors import compared, failures, moments

CHAINS, DRAWS = 4, 1000


def drawn(seed: int, shift: float = 0.0, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Draws of one parameter."""
    return {"a": np.random.default_rng(seed).normal(shift, scale, (CHAINS, DRAWS))}


def test_every_case_has_a_spec_that_says_what_it_should() -> None:
    specs = {path.stem for path in rstanarm.SPECS.glob("*.toml")}
    assert specs == {*rstanarm.CASES}
    stated = {name: read_spec(rstanarm.SPECS / f"{name}.toml") for name in specs}
    assert all(spec.name == name for name, spec in stated.items())
    assert {spec.outcome.family for spec in stated.values()} == {*FAMILIES}
    script = rstanarm.SCRIPT.read_text(encoding="utf-8")
    assert all(f"\n  {name} = " in script for name in specs)


def test_posteriors_that_are_alike_pass_and_a_shifted_or_wider_one_does_not() -> None:
    assert compared(drawn(1), drawn(2))["failed"].to_list() == [""]
    assert compared(drawn(1), drawn(2, shift=0.2))["failed"].to_list() == ["means"]
    assert compared(drawn(1), drawn(2, scale=1.1))["failed"].to_list() == ["sds"]
    with pytest.raises(AssertionError, match="only one side"):
        compared(drawn(1), drawn(1) | {"b": drawn(3)["a"]})


def test_chains_too_short_to_tell_a_difference_do_not_pass() -> None:
    walk = {"a": np.random.default_rng(1).normal(size=(CHAINS, DRAWS)).cumsum(axis=1)}
    assert "R-hat" in compared(walk, walk)["failed"][0]
    number = {"error": 0.0, "sd_error": 0.0, "shift": 0.0, "ratio": 1.0, "r_hat": 1.0}
    assert failures(number) == []
    assert failures(number | {"error": float("nan")}) == ["means"]


def test_weighted_draws_have_the_moments_of_the_other_prior_and_honest_errors() -> None:
    """A normal tilted by exp(x / 2) is a normal with its mean moved by 1/2."""
    found = [moments(x, np.exp(x / 2)) for x in (drawn(seed)["a"] for seed in range(60))]
    means, sds, errors, sd_errors = np.array(found).T
    assert means.mean() == pytest.approx(0.5, abs=0.02)
    assert sds.mean() == pytest.approx(1.0, abs=0.02)
    assert means.std() == pytest.approx(errors.mean(), rel=0.3)
    assert sds.std() == pytest.approx(sd_errors.mean(), rel=0.3)


def test_the_density_of_two_standard_deviations_is_that_of_what_rstanarm_draws() -> None:
    """As its Stan programs draw them: tau gamma(1), a uniform share of 2 (tau scale own)²."""
    rng = np.random.default_rng(1)
    scale, own, lam, n = 0.5, 3.0, 0.5, 400_000
    size = rng.exponential(1.0, n) * scale * own
    share = rng.uniform(size=n)
    theirs = size * np.sqrt(2 * share), size * np.sqrt(2 * (1 - share))
    ours = rng.exponential(1 / lam, n), rng.exponential(1 / lam, n)
    log = decov.two(*ours, scale, own) - sum(decov.exponential(sd, lam) for sd in ours)
    w = np.exp(log)
    # A density integrates to 1, and gives the probability of any set.
    assert w.mean() == pytest.approx(1.0, abs=0.01)
    for below in (0.5, 1.0, 2.0):
        weighted = np.mean(w * (ours[0] < below) * (ours[1] < 1.0))
        assert weighted == pytest.approx(
            np.mean((theirs[0] < below) & (theirs[1] < 1.0)), abs=0.005
        )


def test_covariances_become_standard_deviations_and_correlations() -> None:
    table = pl.DataFrame(
        {
            "(Intercept)": [1.0, 2.0],
            "Sigma[a:b:(Intercept),(Intercept)]": [4.0, 9.0],
            "Sigma[a:b:x,(Intercept)]": [1.0, 3.0],
            "Sigma[a:b:x,x]": [1.0, 4.0],
            "mean_PPD": [0.0, 0.0],
        }
    )
    told = rnames.theirs(table, 1)
    assert {name: draws[0].tolist() for name, draws in told.items()} == {
        "(Intercept)": [1.0, 2.0],
        "sd[a:b]": [2.0, 3.0],
        "sd[a:b,x]": [1.0, 2.0],
        "cor[a:b]": [0.5, 0.5],
    }


def test_without_r_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = CliRunner().invoke(rstanarm.main, ["--case", "wells"])
    assert done.exit_code == 2
    assert "Rscript was not found" in done.output
    assert "r-cran-rstanarm" in done.output
    assert "install.packages" in done.output
