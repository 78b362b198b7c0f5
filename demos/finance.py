"""Greeks and paths in bulk: prices and their derivatives for 100,000 scenarios, and a model of interest rates.

Black–Scholes prices with their first and second derivatives, one program for all scenarios; a bond's price in
Vasicek's model from simulated paths, with its derivatives in the model's parameters; and the model fitted
to a yield curve with its exact Hessian.  Each is held against the formula that is known for it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from autograd import compile, erf, exp, grad, log, sqrt
from demos.output import announce, beside, heading, options, positive
from viz import terminal

STEPS, YEARS = 32, 2.0
MODEL = np.array([0.8, 0.04, 0.015, 0.02])  # speed, level, volatility of the rate, and where it starts
NAMES = ("speed", "level", "volatility", "start")
MATURITIES = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0])


def call_price(market: Sequence[Any]) -> Any:
    """A European call (Black & Scholes 1973) on (spot, strike, years, rate, volatility)."""
    spot, strike, years, rate, volatility = market
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    return spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - spread)


def normal(x: Any) -> Any:
    """Φ, the normal distribution."""
    return 0.5 + 0.5 * erf(x / np.sqrt(2.0))


def discount(model: Sequence[Any], shocks: Sequence[Any]) -> Any:
    """e^(-∫r) along one path of dr = speed·(level - r)dt + volatility·dW, stepped exactly, ∫r by trapezes."""
    speed, level, volatility, rate = model
    step = YEARS / len(shocks)
    decay = exp(-speed * step)
    spread = volatility * sqrt((1.0 - decay * decay) / (2.0 * speed))
    total: Any = 0.0
    for shock in shocks:
        following = level + (rate - level) * decay + spread * shock
        total = total + 0.5 * step * (rate + following)
        rate = following
    return exp(-total)


def bond(model: Sequence[Any], years: Any) -> Any:
    """The bond's price as Vasicek (1977) has it."""
    speed, level, volatility, rate = model
    b = (1.0 - exp(-speed * years)) / speed
    variance = volatility * volatility
    a = (level - variance / (2.0 * speed * speed)) * (b - years) - variance * b * b / (4.0 * speed)
    return exp(a - b * rate)


def greeks(scenarios: int) -> list[str]:
    """All scenarios in one call, each derivative beside the formula that books have for it."""
    low, high = np.array([(80, 120), (80, 120), (0.1, 2.0), (0.0, 0.08), (0.1, 0.5)]).T
    markets = np.random.default_rng(1).uniform(low, high, (scenarios, 5))
    priced = compile(call_price, in_axes=0)
    (prices, slopes), first = timed(priced.value_and_grad, markets)
    curvatures, second = timed(priced.hessian, markets)
    known, gamma = textbook(markets)
    errors = np.abs(slopes - known).max(axis=0), np.abs(curvatures[:, 0, 0] - gamma).max()
    assert max(map(np.max, errors)) < 1e-11
    names = ("delta", "in the strike", "theta", "rho", "vega")
    return [
        f"{scenarios:,} prices with 5 derivatives each: {first / scenarios * 1e9:.0f} ns a scenario;"
        f" with 25 second derivatives: {second / scenarios * 1e9:.0f} ns",
        f"the portfolio is worth {prices.sum():,.0f}; at most so far from the books' formulas:",
        "  " + ", ".join(f"{name} {error:.0e}" for name, error in zip(names, errors[0], strict=True))
        + f", gamma {errors[1]:.0e}",
    ]  # fmt: skip


def timed(call: Any, markets: Any) -> tuple[Any, float]:
    """What the call gives, and the seconds it takes once it was recorded and compiled."""
    call(markets)
    start = time.perf_counter()
    return call(markets), time.perf_counter() - start


def textbook(markets: Any) -> tuple[Any, Any]:
    """The derivatives in spot, strike, years, rate and volatility, and gamma, as Hull's book has them."""
    spot, strike, years, rate, volatility = markets.T
    spread = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    density, exercised = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi), np.exp(-rate * years) * normal(d1 - spread)
    vega = spot * density * np.sqrt(years)
    theta = spot * density * volatility / (2 * np.sqrt(years)) + rate * strike * exercised
    first = np.stack([normal(d1), -exercised, theta, strike * years * exercised, vega], axis=1)
    return first, density / (spot * spread)


def paths(count: int) -> list[str]:
    """The mean over simulated paths, and its derivatives, within 5 standard errors of the formula's."""
    shocks = np.random.default_rng(2).normal(size=(count // 2, STEPS))
    shocks = np.concatenate([shocks, -shocks])  # antithetic, so the errors below are upper bounds
    sample = compile(discount, in_axes=(None, 0))
    values, slopes = sample.value_and_grad(MODEL, shocks)
    exact, formula = float(bond(list(MODEL), YEARS)), grad(lambda model: bond(model, YEARS))(MODEL)
    lines = [f"{count:,} paths of {STEPS} steps: the bond costs {values.mean():.6f}, by the formula {exact:.6f}"]
    for i, name in enumerate(NAMES):
        mean, error = slopes[:, i].mean(), slopes[:, i].std() / np.sqrt(count)
        assert abs(mean - formula[i]) < 5 * error + 1e-3 * abs(formula[i])
        lines.append(f"  ∂price/∂{name:<10} = {mean: .5f} ± {error:.5f}, by the formula {formula[i]: .5f}")
    return lines


def calibration() -> list[str]:
    """Speed, level and volatility from yields, by a trust region with the exact Hessian."""
    yields = -np.log([float(bond(list(MODEL), years)) for years in MATURITIES]) / MATURITIES

    def misfit(parameters: Sequence[Any]) -> Any:
        model = [exp(parameters[0]), parameters[1], exp(parameters[2]), MODEL[3]]
        errors = [-log(bond(model, t)) / t - y for t, y in zip(MATURITIES, yields, strict=True)]
        return 1e6 * sum(error * error for error in errors)

    fit = compile(misfit)
    start = np.array([np.log(0.3), 0.06, np.log(0.03)])
    found = minimize(fit.value_and_grad, start, jac=True, hess=fit.hessian, method="trust-exact", tol=1e-10)
    fitted = np.array([np.exp(found.x[0]), found.x[1], np.exp(found.x[2])])
    assert np.allclose(fitted, MODEL[:3], rtol=1e-3)
    return [
        f"fitted to {len(yields)} yields in {found.nit} steps with the exact Hessian: "
        + ", ".join(f"{name} {value:.5f}" for name, value in zip(NAMES[:3], fitted, strict=True))
    ]


def run(out: Path, scenarios: int = 100_000) -> list[Path]:
    """Print what is found, each held against its formula; write finance.txt."""
    heading("Finance in bulk: greeks, paths, calibration")
    lines = [*greeks(scenarios), *paths(scenarios), *calibration()]
    print("\n".join(lines))
    with beside(out / "finance.txt") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [announce(out / "finance.txt")]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    parser = options(__doc__)
    parser.add_argument("--scenarios", type=positive, default=100_000, help="markets and paths (default: 100,000)")
    asked = parser.parse_args(argv)
    run(asked.out, asked.scenarios)
    return 0


if __name__ == "__main__":
    terminal.run(main)
