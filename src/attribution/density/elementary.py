"""Elementary functions as machine code that runs on several elements at once.

Compilers turn a loop into vector instructions only where it has no calls. These functions have
none and no branches, so that a loop over posts takes four or eight posts at a time. Accurate to
about one unit in the last place, over the whole range, infinities, zeros and NaN included; what
log Gamma and its derivative leave out is said there.

References
----------
P. T. P. Tang, "Table-driven implementation of the exponential function", ACM TOMS 15 (1989).
Sun Microsystems' fdlibm, e_log.c (1993): the polynomial of log.
Abramowitz & Stegun (1964), 6.1.40 and 6.3.18: the series of log Gamma and its derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, inf, log, nan, pi
from typing import Any

from llvmlite import ir

DOUBLE = ir.DoubleType()
INT = ir.IntType(64)
FUSE = ("contract",)
"""Products may be fused with sums: fewer roundings, never more."""

_SHIFT = 1.5 * 2.0**52  # adding this leaves the nearest integer in the low bits
_SHIFT_BITS = 0x4338000000000000
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_ONE_BITS = 0x3FF0000000000000
_LOG_COEFFICIENTS = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)

_SHIFTED = 8
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B_2, B_4, ..., B_16."""
_STIRLING = tuple(of / (2 * n * (2 * n - 1)) for n, of in enumerate(_BERNOULLI, start=1))
_STIRLING_SLOPE = tuple(of / (2 * n) for n, of in enumerate(_BERNOULLI, start=1))
_HALF_LOG_TWO_PI = 0.5 * log(2.0 * pi)


def _rising(factors: int) -> tuple[float, ...]:
    """Return x (x + 1) ... (x + factors - 1) as a polynomial, the constant term first."""
    found = [1]
    for k in range(factors):
        found = [k * a + b for a, b in zip([*found, 0], [0, *found], strict=True)]
    return tuple(map(float, found))


_RISING = _rising(_SHIFTED)
_RISING_SLOPE = tuple(power * of for power, of in enumerate(_RISING))[1:]

Value = Any  # llvmlite is not typed


def number(value: float) -> ir.Constant:
    """Return a constant."""
    return ir.Constant(DOUBLE, value)


def whole(value: int) -> ir.Constant:
    """Return a constant integer of 64 bits."""
    return ir.Constant(INT, value)


def horner(builder: ir.IRBuilder, x: Value, coefficients: tuple[float, ...]) -> Value:
    """Return a polynomial, the constant term first."""
    total = number(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = builder.fadd(builder.fmul(total, x, flags=FUSE), number(coefficient), flags=FUSE)
    return total


def _two_to(builder: ir.IRBuilder, power: Value) -> Value:
    bits = builder.shl(builder.add(power, whole(1023)), whole(52))
    return builder.bitcast(bits, DOUBLE)


def emit_exp(b: ir.IRBuilder, x: Value) -> Value:
    """exp(x): x = k log 2 + r, a polynomial in r, times 2**k in two steps (subnormal results)."""
    bounded = b.select(b.fcmp_ordered(">", x, number(-746.0)), x, number(-746.0))
    bounded = b.select(b.fcmp_ordered("<", bounded, number(710.0)), bounded, number(710.0))
    shifted = b.fadd(
        b.fmul(bounded, number(1.4426950408889634), flags=FUSE), number(_SHIFT), flags=FUSE
    )
    k_float = b.fsub(shifted, number(_SHIFT))
    rest = b.fsub(bounded, b.fmul(k_float, number(_LN2_HIGH), flags=FUSE), flags=FUSE)
    rest = b.fsub(rest, b.fmul(k_float, number(_LN2_LOW), flags=FUSE), flags=FUSE)
    series = tuple(1.0 / factorial(n) for n in range(14))
    grown = horner(b, rest, series)
    k = b.sub(b.bitcast(shifted, INT), whole(_SHIFT_BITS))
    half = b.sub(b.lshr(b.add(k, whole(4096)), whole(1)), whole(2048))
    result = b.fmul(b.fmul(grown, _two_to(b, half)), _two_to(b, b.sub(k, half)))
    return b.select(b.fcmp_unordered("uno", x, x), x, result)


def emit_log(b: ir.IRBuilder, x: Value) -> Value:
    """log(x): x = 2**k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and a polynomial in f / (2 + f)."""
    tiny = b.fcmp_ordered("<", x, number(2.2250738585072014e-308))
    scaled = b.select(tiny, b.fmul(x, number(2.0**54)), x)
    bits = b.bitcast(scaled, INT)
    moved = b.add(bits, whole(_ONE_BITS - _SQRT_HALF_BITS))
    k = b.sub(b.lshr(moved, whole(52)), whole(1023))
    k = b.select(tiny, b.sub(k, whole(54)), k)
    k_float = b.fsub(b.bitcast(b.add(k, whole(_SHIFT_BITS)), DOUBLE), number(_SHIFT))
    mantissa = b.add(b.and_(moved, whole(0x000FFFFFFFFFFFFF)), whole(_SQRT_HALF_BITS))
    f = b.fsub(b.bitcast(mantissa, DOUBLE), number(1.0))
    s = b.fdiv(f, b.fadd(number(2.0), f))
    z = b.fmul(s, s)
    series = b.fmul(z, horner(b, z, _LOG_COEFFICIENTS), flags=FUSE)
    half_square = b.fmul(b.fmul(number(0.5), f), f)
    inner = b.fmul(s, b.fadd(half_square, series, flags=FUSE), flags=FUSE)
    inner = b.fadd(inner, b.fmul(k_float, number(_LN2_LOW), flags=FUSE), flags=FUSE)
    inner = b.fsub(b.fsub(half_square, inner, flags=FUSE), f)
    result = b.fsub(b.fmul(k_float, number(_LN2_HIGH), flags=FUSE), inner, flags=FUSE)
    result = b.select(b.fcmp_ordered("==", x, number(inf)), x, result)
    result = b.select(b.fcmp_ordered("==", x, number(0.0)), number(-inf), result)
    return b.select(b.fcmp_unordered("<", x, number(0.0)), number(nan), result)


def emit_log1p(b: ir.IRBuilder, x: Value) -> Value:
    """log(1 + x), with what rounding takes from 1 + x put back."""
    total = b.fadd(number(1.0), x)
    lost = b.fdiv(b.fsub(x, b.fsub(total, number(1.0))), total)
    plain = emit_log(b, total)
    exact = b.and_(b.fcmp_ordered(">", total, number(0.0)), b.fcmp_ordered("<", total, number(inf)))
    return b.select(exact, b.fadd(plain, lost), plain)


def emit_expm1(b: ir.IRBuilder, x: Value) -> Value:
    """exp(x) - 1, by Kahan: (u - 1) x / log(u) with u = exp(x)."""
    u = emit_exp(b, x)
    less = b.fsub(u, number(1.0))
    result = b.fmul(less, b.fdiv(x, emit_log(b, u)))
    result = b.select(b.fcmp_ordered("==", u, number(1.0)), x, result)
    far = b.or_(b.fcmp_ordered(">", x, number(40.0)), b.fcmp_ordered("<", x, number(-40.0)))
    return b.select(far, less, result)


def emit_gammaln(b: ir.IRBuilder, x: Value) -> Value:
    """Log Gamma(x) of x >= 0 by Stirling's series; below 8 at x + 8, less log x ... (x + 7).

    Accurate to a unit in the last place of log Gamma(x + 8), so not to the last place near its
    zeros at 1 and 2; NaN of negative numbers, which no density asks for.
    """
    small, z = _moved(b, x)
    rising = b.select(small, horner(b, x, _RISING), number(1.0))
    inverse = b.fdiv(number(1.0), z)
    series = horner(b, b.fmul(inverse, inverse), _STIRLING)
    above = b.fmul(b.fsub(z, number(0.5)), b.fsub(emit_log(b, z), number(1.0)), flags=FUSE)
    rest = b.fadd(b.fmul(series, inverse, flags=FUSE), number(_HALF_LOG_TWO_PI - 0.5), flags=FUSE)
    result = b.fsub(b.fadd(above, rest), emit_log(b, rising))
    result = b.select(b.fcmp_ordered("==", x, number(inf)), x, result)
    return b.select(b.fcmp_unordered("<", x, number(0.0)), number(nan), result)


def emit_psi(b: ir.IRBuilder, x: Value) -> Value:
    """Derivative of log Gamma at x >= 0, made the same way; NaN of negative numbers."""
    small, z = _moved(b, x)
    slope = b.fdiv(horner(b, x, _RISING_SLOPE), horner(b, x, _RISING))
    inverse = b.fdiv(number(1.0), z)
    square = b.fmul(inverse, inverse)
    series = b.fmul(square, horner(b, square, _STIRLING_SLOPE), flags=FUSE)
    half = b.fmul(number(0.5), inverse)
    above = b.fsub(b.fsub(emit_log(b, z), half, flags=FUSE), series, flags=FUSE)
    result = b.select(small, b.fsub(above, slope), above)
    result = b.select(b.fcmp_ordered("==", x, number(inf)), x, result)
    return b.select(b.fcmp_unordered("<", x, number(0.0)), number(nan), result)


def _moved(b: ir.IRBuilder, x: Value) -> tuple[Value, Value]:
    """Return whether x is below 8, and x moved to where Stirling's series is accurate."""
    small = b.fcmp_ordered("<", x, number(float(_SHIFTED)))
    return small, b.select(small, b.fadd(x, number(float(_SHIFTED))), x)


EMITTERS: dict[str, Callable[[ir.IRBuilder, Value], Value]] = {
    "exp": emit_exp,
    "log": emit_log,
    "log1p": emit_log1p,
    "expm1": emit_expm1,
    "gammaln": emit_gammaln,
    "psi": emit_psi,
}
"""The functions that are made here."""
