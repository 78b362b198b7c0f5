"""The atoms that C99 has beside libm's, each as a small function: of many numbers, or with loops.

All others are printed from their rows (see `c_rows`).  Each of these functions does what the row's own function of
floats in `ops.special` or `ops.gamma` does, by the method that is cited there.
"""

from __future__ import annotations

from typing import NamedTuple

from autograd.ops import table


class CFunction(NamedTuple):
    """A C function, and the functions of other rows that it calls."""

    source: str
    calls: tuple[str, ...] = ()


FUNCTIONS = {  # by row
    table.lgamma: CFunction("""\
/* ln|Gamma(x)|; infinite at the poles and at both infinities. */
static double lgamma_value(double x)
{
    return x <= 0.0 && x == floor(x) ? INFINITY : lgamma(x);
}
"""),
    table.polygamma: CFunction("""\
/* The n-th derivative of digamma, x > 0: up by the recurrence, then the asymptotic series with the
   Bernoulli numbers B2 to B20 (Abramowitz & Stegun 6.4.6, 6.3.18, 6.4.11). */
static double polygamma_right(int n, double x)
{
    static const double bernoulli[] = {
        1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0,
        -3617.0 / 510.0, 43867.0 / 798.0, -174611.0 / 330.0,
    };
    const double r = 1.0 / (x + (8 + n));
    double series = 0.0, rising = n == 0 ? -1.0 : 1.0, coefficient[10], total, term;
    int j, k;
    for (k = 1; k <= 10; k++) { /* (n + 2k - 1)! / ((n - 1)! (2k)!), or -1/2k where n is 0 */
        rising *= n > 0 ? (n + 2.0 * k - 2.0) * (n + 2.0 * k - 1.0) / ((2.0 * k - 1.0) * (2.0 * k)) : 1.0;
        coefficient[k - 1] = bernoulli[k - 1] * (n > 0 ? rising : -1.0 / (2.0 * k));
    }
    for (k = 9; k >= 0; k--) {
        series = series * (r * r) + coefficient[k];
    }
    total = n > 0 ? 1.0 + r * (0.5 * n + r * series) : r * (r * series - 0.5);
    for (k = 0; k < n; k++) {
        total *= k > 0 ? k * r : r;
    }
    for (j = 7 + n; j >= 0; j--) { /* the smallest first */
        term = 1.0 / (x + j);
        for (k = 1; k <= n; k++) {
            term *= k / (x + j);
        }
        total += n > 0 ? term : -term;
    }
    return n == 0 ? total + log(x + 8.0) : n % 2 == 1 ? total : -total;
}

/* By reflection left of 0; at the poles inf for odd n, nan for even n, but digamma(0) is -inf. */
static double polygamma_value(double order, double x)
{
    const double turn = x - rint(x), above = turn < 0.0 ? 1.0 + turn : turn, below = turn < 0.0 ? -turn : 1.0 - turn;
    int n;
    if (!(order >= 0.0 && order <= 150.0) || order != floor(order) || isnan(x) || x == -INFINITY) {
        return NAN;
    }
    n = (int)order;
    if (x > 0.0) {
        return polygamma_right(n, x);
    }
    if (turn == 0.0) {
        return n == 0 && x == 0.0 ? -INFINITY : n % 2 == 1 ? INFINITY : NAN;
    }
    if (n % 2 == 1) {
        return polygamma_right(n, above) + (polygamma_right(n, below) - polygamma_right(n, 1.0 - x));
    }
    return polygamma_right(n, above) - polygamma_right(n, below) + polygamma_right(n, 1.0 - x);
}
"""),
    table.sum_: CFunction("""\
static double sum_value(int n, const double *x)
{
    double total = n > 0 ? x[0] : 0.0;
    int i;
    for (i = 1; i < n; i++) {
        total += x[i];
    }
    return total;
}
"""),
    table.dot: CFunction("""\
/* w[0] x[0] + w[1] x[1] + ... + bias, of n numbers w[0], w[1], ..., x[0], x[1], ... and perhaps bias. */
static double dot_value(int n, const double *w)
{
    const double *x = w + n / 2;
    double total = n > 1 ? w[0] * x[0] : -0.0;
    int i;
    for (i = 1; i < n / 2; i++) {
        total += w[i] * x[i];
    }
    return n % 2 == 1 ? total + w[n - 1] : total;
}
"""),
    table.logsumexp: CFunction("""\
/* ln(sum of exp(x[i])): the largest taken out, the others by log1p, so that a small remainder keeps its digits. */
static double logsumexp_value(int n, const double *x)
{
    int top = 0, i;
    double others = 0.0;
    for (i = 1; i < n; i++) {
        if (x[i] > x[top] || isnan(x[i])) {
            top = i;
        }
    }
    if (isinf(x[top])) {
        return x[top];
    }
    for (i = 0; i < n; i++) {
        others += i == top ? 0.0 : exp(x[i] - x[top]);
    }
    return x[top] + log1p(others);
}
"""),
    table.softmax: CFunction("""\
/* exp(x[i]) / sum of exp(x[j]), without overflow. */
static double softmax_value(double i, int n, const double *x)
{
    double top = x[0], total = 0.0;
    int j;
    for (j = 1; j < n; j++) {
        top = x[j] > top || isnan(x[j]) ? x[j] : top;
    }
    for (j = 0; j < n; j++) {
        total += exp(x[j] - top);
    }
    return exp(x[(int)i] - top) / total;
}
"""),
    table.log_softmax: CFunction(
        """\
/* ln(softmax), from the differences to x[i], so that it keeps its digits near 0. */
static double log_softmax_value(double i, int n, const double *x)
{
    const double own = x[(int)i];
    double top = -INFINITY, below = 0.0, above = 0.0;
    int j, largest = 0;
    for (j = 0; j < n; j++) {
        if (top == top && !(x[j] - own <= top)) {
            top = x[j] - own;
            largest = j;
        }
    }
    if (own == -INFINITY) {
        return logsumexp_value(n, x) > -INFINITY ? -INFINITY : NAN;
    }
    if (top == INFINITY) {
        return -INFINITY;
    }
    for (j = 0; j < n; j++) {
        below += j == largest ? 0.0 : exp(x[j] - own - top);
    }
    above = top + log1p(below);
    return -above;
}
""",
        (table.logsumexp.name,),
    ),
    table.take: CFunction("""\
/* The entry of a table at floor(i), nan where it has none. */
static double take_value(double i, int n, const double *table)
{
    return i >= 0.0 && i < (double)n ? table[(int)i] : NAN;
}
"""),
    table.locate: CFunction("""\
/* The interval between ascending knots that x lies in: the first one below all, the last one above. */
static double locate_value(double x, int n, const double *knots)
{
    int at = 0, left = n - 1;
    if (isnan(x)) {
        return NAN;
    }
    while (left > 1) {
        const int half = left / 2;
        at += knots[at + half] <= x ? half : 0;
        left -= half;
    }
    return (double)at;
}
"""),
}
