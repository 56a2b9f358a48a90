"""Scalar functions of PyTensor, spelled with the elementary ones that machine code is made of.

A further function is one entry in :data:`FUNCTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Placed = Any
Make = Callable[..., Placed]

TRUTHS = frozenset(
    ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "isnan", "isinf")
)
"""Elementary functions whose result is a truth value."""

LIBRARY = {
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Tanh": "tanh",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "ArcTan": "atan",
    "ArcSin": "asin",
    "ArcCos": "acos",
    "GammaLn": "gammaln",
    "Psi": "psi",
    "Erf": "erf",
    "Erfc": "erfc",
    "Erfcx": "erfcx",
    "Erfinv": "erfinv",
    "Erfcinv": "erfcinv",
    "BetaInc": "betainc",
    "GammaInc": "gammainc",
    "GammaIncC": "gammaincc",
}
"""Functions that are called as they are: PyTensor's class -> name."""


def _plain(function: str) -> Callable[..., Placed]:
    return lambda make, *operands: make(function, *operands)


def _chain(function: str) -> Callable[..., Placed]:
    """Return a function of any number of operands, two at a time."""

    def spell(make: Make, first: Placed, *rest: Placed) -> Placed:
        for operand in rest:
            first = make(function, first, operand)
        return first

    return spell


def _power(make: Make, base: Placed, exponent: Placed) -> Placed:
    known = getattr(exponent.array, "value", None)
    if known is not None and exponent.array.shape == () and float(known) in _POWERS:
        return _POWERS[float(known)](make, base)
    return make("pow", base, exponent)


_POWERS: Mapping[float, Callable[..., Placed]] = {
    1.0: lambda _make, x: x,
    2.0: lambda make, x: make("mul", x, x),
    3.0: lambda make, x: make("mul", make("mul", x, x), x),
    -1.0: lambda make, x: make("div", 1.0, x),
    -2.0: lambda make, x: make("div", 1.0, make("mul", x, x)),
    0.5: lambda make, x: make("sqrt", x),
    -0.5: lambda make, x: make("div", 1.0, make("sqrt", x)),
}


def _decay(make: Make, x: Placed) -> Placed:
    """exp(-|x|), which sigmoid and softplus of one number share."""
    return make("exp", make("neg", make("abs", x)))


def _sigmoid(make: Make, x: Placed) -> Placed:
    decay = _decay(make, x)
    top = make("select", make("ge", x, 0.0), 1.0, decay)
    return make("div", top, make("add", 1.0, decay))


def _softplus(make: Make, x: Placed) -> Placed:
    return make("add", make("max", x, 0.0), make("log1p", _decay(make, x)))


def _log1mexp(make: Make, x: Placed) -> Placed:
    """log(1 - exp(x)) for x < 0 (Mächler 2012)."""
    small = make("log", make("neg", make("expm1", x)))
    large = make("log1p", make("neg", make("exp", x)))
    return make("select", make("gt", x, -0.6931471805599453), small, large)


def _clip(make: Make, x: Placed, low: Placed, high: Placed) -> Placed:
    return make("min", make("max", x, low), high)


def _scaled_log(scale: float) -> Callable[..., Placed]:
    return lambda make, x: make("mul", make("log", x), scale)


FUNCTIONS: Mapping[str, Callable[..., Placed]] = {
    "Add": _chain("add"),
    "Mul": _chain("mul"),
    "Sub": _plain("sub"),
    "TrueDiv": _plain("div"),
    "Neg": _plain("neg"),
    "Abs": _plain("abs"),
    "Sign": _plain("sign"),
    "Sqr": lambda make, x: make("mul", x, x),
    "Sqrt": _plain("sqrt"),
    "Reciprocal": lambda make, x: make("div", 1.0, x),
    "Pow": _power,
    "Exp": _plain("exp"),
    "Exp2": lambda make, x: make("pow", 2.0, x),
    "Expm1": _plain("expm1"),
    "Log": _plain("log"),
    "Log1p": _plain("log1p"),
    "Log2": _scaled_log(1.4426950408889634),
    "Log10": _scaled_log(0.4342944819032518),
    "Log1mexp": _log1mexp,
    "Sigmoid": _sigmoid,
    "Softplus": _softplus,
    "Clip": _clip,
    "ScalarMaximum": _chain("max"),
    "ScalarMinimum": _chain("min"),
    "Maximum": _chain("max"),
    "Minimum": _chain("min"),
    "Floor": _plain("floor"),
    "Ceil": _plain("ceil"),
    "Trunc": _plain("trunc"),
    "Switch": _plain("select"),
    "LT": _plain("lt"),
    "LE": _plain("le"),
    "GT": _plain("gt"),
    "GE": _plain("ge"),
    "EQ": _plain("eq"),
    "NEQ": _plain("ne"),
    "AND": _chain("and"),
    "OR": _chain("or"),
    "XOR": _chain("xor"),
    "Invert": _plain("not"),
    "IsNan": _plain("isnan"),
    "IsInf": _plain("isinf"),
    "Identity": lambda _make, x: x,
    **{name: _plain(called) for name, called in LIBRARY.items()},
}
"""How each scalar function of PyTensor is spelled: its class -> a spelling."""
