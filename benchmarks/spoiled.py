"""Gradients derived by hand, with slips in them, from many fields: what `viz.explain` is measured by.

Each function stands beside its gradient in NumPy.  Where the gradient calls ``slip("what @ where", right, wrong)``,
the wrong term is taken when that slip is asked for; `where` are the nodes whose step it spoils, as names with * for
any letters, "head>tail" for one edge, alternatives with |, and "-" where no step of the derivation is changed (an extra
term that belongs nowhere, say), so that nothing should be named or any exact description is as good.
They were written before what recognises mistakes.  A few names of places were corrected afterwards: where a slip spoils
one derivative only, and the step that was named is passed by others that stay right.
"""

# ruff: noqa: D103, E741 - each function is a case, which its name says; l is what a book calls a length

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, cos, dot, erf, exp, log, relu, sigmoid, sin, softplus, sqrt, tanh, where

Slip = Callable[[str, Any, Any], Any]
A = np.asarray


class Derivation(NamedTuple):
    """A function, a point, its gradient by hand, and the slips in it: what is wrong, and where."""

    name: str
    f: Callable[..., Any]
    point: tuple[Any, ...]
    gradient: Callable[..., Any]  # of slip, then the point
    slips: tuple[tuple[str, str], ...]

    def spoiled(self, *chosen: str) -> Callable[..., Any]:
        """The gradient with the chosen slips in it."""

        def slip(text: str, right: Any, wrong: Any) -> Any:
            return wrong if text.split(" @ ")[0] in chosen else right

        return lambda *point: self.gradient(slip, *point)


DERIVATIONS: list[Derivation] = []

Make = Callable[[], tuple[Any, Any]]


def registering(derivations: list[Derivation]) -> Callable[..., Callable[[Make], None]]:
    """A decorator, called with a point, that registers in a list what a function returns: (f, gradient)."""

    def at(*point: Any) -> Callable[[Make], None]:
        return lambda make: derivations.append(_derivation(make, point))

    return at


def _derivation(make: Make, point: tuple[Any, ...]) -> Derivation:
    f, gradient = make()
    seen: list[tuple[str, str]] = []

    def listing(text: str, right: Any, wrong: Any) -> Any:
        what, where_ = text.split(" @ ")
        seen.append((what, where_))
        return right

    gradient(listing, *point)
    return Derivation(make.__name__, f, point, gradient, tuple(dict.fromkeys(seen)))


derivation = registering(DERIVATIONS)


def every_slip(derivations: Sequence[Derivation]) -> Iterator[tuple[Derivation, str, str]]:
    """(derivation, slip, where) of all."""
    for each in derivations:
        for what, where_ in each.slips:
            yield each, what, where_


def n(name: str, value: Any) -> Any:
    """A node with a name; a number as it is."""
    if isinstance(value, Value):
        value.name = name
    return value


def total(values: Any) -> Any:
    """The sum, left to right."""
    result = 0.0
    for value in values:
        result = result + value
    return result


def sig(z: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-z))


XS = A([[0.5, -1.2, 0.3], [1.1, 0.4, -0.7], [-0.6, 0.9, 1.4], [0.2, -0.3, 0.8]])
TS = A([0.7, -0.4, 1.9, 0.3])


@derivation([0.4, -0.3, 0.8], 0.15)
def least_squares() -> Any:
    def f(w: Any, b: Any) -> Any:
        r = [n(f"r{i}", n(f"p{i}", dot(w, list(XS[i]), b)) - TS[i]) for i in range(4)]
        return n("J", n("S", total(n(f"q{i}", v * v) for i, v in enumerate(r))) / 8.0)

    def g(slip: Slip, w: Any, b: Any) -> Any:
        X = slip("one feature column off @ p*|w", XS, np.roll(XS, 1, axis=1))
        r = XS @ A(w) + b - TS
        r = slip("target left out @ r*|-", r, r + TS)
        r = slip("residual turned round @ r*>p*|J|S|q*|-", r, -r)
        k = slip("half forgotten @ J|q*|S", 1 / 4, 1 / 2)
        k = slip("mean forgotten @ J|q*|S", k, 1.0)
        d = k * r
        d = slip("last sample skipped @ q3|S>q3|r3|p3|t*", d, d * A([1, 1, 1, 0]))
        gb = slip("bias as one sample @ p*|S|-", d.sum(), d.mean())
        return (X.T @ d).tolist(), float(gb)

    return f, g


COUNTS = A([2.0, 0.0, 1.0, 3.0])


@derivation([0.3, -0.2, 0.5], -0.1)
def poisson() -> Any:
    def f(w: Any, b: Any) -> Any:
        terms = []
        for i in range(4):
            eta = n(f"eta{i}", dot(w, list(XS[i]), b))
            mu = n(f"mu{i}", exp(eta))
            terms.append(n(f"l{i}", mu - n(f"k{i}", eta * COUNTS[i])))
        return n("J", total(terms))

    def g(slip: Slip, w: Any, b: Any) -> Any:
        eta = XS @ A(w) + b
        mu = np.exp(eta)
        mu = slip("exponential differentiated to 1 @ mu*", mu, np.ones(4))
        mu = slip("exponent kept instead @ mu*", mu, eta)
        d = mu - COUNTS
        d = slip("counts forgotten @ k*|l*>k*", d, mu)
        d = slip("sign of counts @ k*|l*>k*", d, mu + COUNTS)
        d = slip("all turned round @ J|l*|t*|-", d, -d)
        d = slip("divided by the sum of counts @ J|-", d, d / 6.0)
        gw = XS.T @ d
        gw = slip("features forgotten @ eta*", gw, np.full(3, d.sum()))
        return gw.tolist(), float(d.sum())

    return f, g


OBS = A([1.2, 0.4, -0.3, 2.2, 0.9])


@derivation(0.5, -0.2)
def gaussian() -> Any:
    def f(mu: Any, rho: Any) -> Any:
        s = n("s", exp(rho))
        u = [n(f"u{i}", n(f"d{i}", o - mu) / s) for i, o in enumerate(OBS)]
        return n("J", total(n(f"h{i}", 0.5 * n(f"q{i}", v * v)) for i, v in enumerate(u)) + n("pen", 5.0 * rho))

    def g(slip: Slip, mu: Any, rho: Any) -> Any:
        s = math.exp(rho)
        d = OBS - mu
        gm = -(d / s**2).sum()
        gm = slip("minus of mu @ d*", gm, -gm)
        gm = slip("variance as deviation @ u*|s|d*", gm, -(d / s).sum())
        gm = slip("doubled @ u*>d*|d*", gm, 2 * gm)
        part = -((d / s) ** 2).sum()
        part = slip("chain through exp forgotten @ s", part, part / s)
        part = slip("first power of s @ u*|s", part, -(d**2 / s).sum())
        part = slip("half kept @ u*>s|s", part, part / 2)
        pen = slip("log deviation forgotten @ pen|J>pen", 5.0, 0.0)
        pen = slip("one sample's penalty @ pen", pen, 1.0)
        pen = slip("penalty of s @ pen|-", pen, 5.0 / s)
        return float(gm), float(part + pen)

    return f, g


@derivation(0.7, -0.4, 1.3)
def pendulum() -> Any:
    m, G = 0.8, 9.81

    def f(th: Any, om: Any, l: Any) -> Any:
        v = n("v", l * om)
        kin = n("kin", 0.5 * m * n("v2", v * v))
        return n("E", kin + n("pot", m * G * n("h", l * n("c1", 1.0 - n("c", cos(th))))))

    def g(slip: Slip, th: Any, om: Any, l: Any) -> Any:
        s = slip("sine turned round @ c|c1", math.sin(th), -math.sin(th))
        s = slip("cosine kept @ c", s, math.cos(th))
        gth = slip("length forgotten @ h>c1|h", m * G * l * s, m * G * s)
        gth = slip("angle in degrees @ c|c1|h|-", gth, gth * math.pi / 180)
        gom = m * l * l * om
        gom = slip("half kept @ v>om|om", gom, gom / 2)
        gom = slip("length once @ v>om|v", gom, m * l * om)
        kl = slip("kinetic part of l forgotten @ v>l|v", m * l * om**2, 0.0)
        pl = slip("one minus forgotten @ c1|h>l|h", m * G * (1 - math.cos(th)), -m * G * math.cos(th))
        pl = slip("gravity forgotten @ pot|h", pl, m * (1 - math.cos(th)))
        return float(gth), float(gom), float(kl + pl)

    return f, g


@derivation([0.6, -0.3, 1.2, 0.8])
def rosenbrock() -> Any:
    def f(x: Any) -> Any:
        parts = []
        for i in range(3):
            d = n(f"d{i}", x[i + 1] - n(f"s{i}", x[i] * x[i]))
            e = n(f"e{i}", 1.0 - x[i])
            parts.append(n(f"p{i}", n(f"hd{i}", 100.0 * n(f"dd{i}", d * d)) + n(f"ee{i}", e * e)))
        return n("J", total(parts))

    def g(slip: Slip, x: Any) -> Any:
        x = A(x)
        d, e = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        up, down = 200 * d, -400 * d * x[:-1]
        down = slip("inner square's 2 forgotten @ s*", down, down / 2)
        down = slip("inner factor forgotten @ s*", down, -200 * d)
        down = slip("inner sign @ d*>s*|s*", down, -down)
        up = slip("neighbour's term forgotten @ d*>x[[]*|d*>x*", up, 0 * up)
        up = slip("weight forgotten above @ d*|hd*", up, up / 100)
        e2 = slip("sign of the second square @ e*", -2 * e, 2 * e)
        e2 = slip("2 of the second square forgotten @ ee*|e*", e2, -e)
        e2 = slip("second square only at the first @ ee*|e*|p*", e2, e2 * A([1, 0, 0]))
        out = np.zeros(4)
        out[:-1] += down + e2
        out[1:] += slip("index one too low @ d*|-", up, np.roll(up, 1))
        return out.tolist()

    return f, g


@derivation(0.5, -0.8)
def arm() -> Any:
    L1, L2, tx, ty = 1.2, 0.7, 1.0, 0.6

    def f(a: Any, b: Any) -> Any:
        ab = n("ab", a + b)
        x = n("x", n("x1", L1 * n("ca", cos(a))) + n("x2", L2 * n("cab", cos(ab))))
        y = n("y", n("y1", L1 * n("sa", sin(a))) + n("y2", L2 * n("sab", sin(ab))))
        ex, ey = n("ex", x - tx), n("ey", y - ty)
        return n("J", n("ex2", ex * ex) + n("ey2", ey * ey))

    def g(slip: Slip, a: Any, b: Any) -> Any:
        s12, c12 = math.sin(a + b), math.cos(a + b)
        ex = L1 * math.cos(a) + L2 * c12 - tx
        ey = L1 * math.sin(a) + L2 * s12 - ty
        xa = slip("first link's sign @ ca|x1", -L1 * math.sin(a), L1 * math.sin(a))
        xb = slip("second link's sign @ cab|x2", -L2 * s12, L2 * s12)
        xb = slip("second sine at b only @ cab|ab|-", xb, -L2 * math.sin(b))
        yb = slip("second length forgotten @ y2|sab", L2 * c12, c12)
        ya = slip("first cosine as sine @ sa", L1 * math.cos(a), L1 * math.sin(a))
        inner = slip("a in the second joint forgotten @ ab>a|ab", 1.0, 0.0)
        ey = slip("y with the error of x @ ey2|ey|-", ey, ex)
        ga = 2 * (ex * (xa + inner * xb) + ey * (ya + inner * yb))
        gb = 2 * (ex * xb + ey * yb)
        gb = slip("2 forgotten at b @ -", gb, gb / 2)
        return float(ga), float(gb)

    return f, g


@derivation([0.4, -0.3, 2.5], 1.6, [0.1, -0.2])
def pinhole() -> Any:
    def f(p: Any, focal: Any, c: Any) -> Any:
        u = n("u", n("fu", focal * n("xn", p[0] / p[2])) + c[0])
        v = n("v", n("fv", focal * n("yn", p[1] / p[2])) + c[1])
        du, dv = n("du", u - 0.5), n("dv", v + 0.3)
        return n("J", n("du2", du * du) + n("dv2", dv * dv))

    def g(slip: Slip, p: Any, focal: Any, c: Any) -> Any:
        x, y, z = p
        du, dv = focal * x / z + c[0] - 0.5, focal * y / z + c[1] + 0.3
        a, b = 2 * du, 2 * dv
        a = slip("square of u kept @ du2", a, du * du)
        gx, gy = a * focal / z, b * focal / z
        gx, gy = slip("focal length forgotten @ fu|fv|xn|yn", (gx, gy), (a / z, b / z))
        gx, gy = slip("x and y exchanged @ p|xn|yn", (gx, gy), (gy, gx))
        gz = -focal * (a * x + b * y) / z**2
        gz = slip("depth not squared @ xn>p*|yn>p*|xn|yn", gz, -focal * (a * x + b * y) / z)
        gz = slip("depth's sign @ xn|yn|p", gz, -gz)
        gz = slip("depth through u only @ yn>p*|yn", gz, -focal * a * x / z**2)
        gf = a * x / z + b * y / z
        gf = slip("focal with unnormalised point @ fu>focal|fv>focal|fu|fv", gf, a * x + b * y)
        gc = slip("centre exchanged @ c|u|v", [a, b], [b, a])
        gc = slip("centre's sign @ u>c*|v>c*|u|v|c", gc, [-v for v in gc])
        return [float(gx), float(gy), float(gz)], float(gf), [float(v) for v in gc]

    return f, g


SUB, RATE = A([0.2, 0.7, 1.5, 3.0]), A([0.3, 0.8, 1.1, 1.4])


@derivation(1.8, 0.9)
def enzyme() -> Any:
    def f(vmax: Any, km: Any) -> Any:
        es = []
        for i in range(4):
            top, low = n(f"top{i}", vmax * SUB[i]), n(f"low{i}", km + SUB[i])
            es.append(n(f"e{i}", n(f"v{i}", top / low) - RATE[i]))
        return n("J", total(n(f"q{i}", e * e) for i, e in enumerate(es)))

    def g(slip: Slip, vmax: Any, km: Any) -> Any:
        low = km + SUB
        e = vmax * SUB / low - RATE
        dv = SUB / low
        dv = slip("substrate forgotten @ top*", dv, 1 / low)
        dk = -vmax * SUB / low**2
        dk = slip("quotient rule's minus @ v*>low*|v*|low*", dk, -dk)
        dk = slip("denominator not squared @ v*>low*|v*", dk, -vmax * SUB / low)
        dk = slip("numerator forgotten @ v*>low*|v*", dk, -1 / low**2)
        e2 = slip("2 forgotten @ q*|J", 2 * e, e)
        e2 = slip("residual squared @ q*", e2, e * e)
        e2 = slip("rates forgotten @ e*|q*|-", e2, 2 * (e + RATE))
        return float((e2 * dv).sum()), float((e2 * dk).sum())

    return f, g


KEYS = A([[0.3, -0.5], [0.8, 0.1], [-0.4, 0.9]])


@derivation([0.6, -0.7], [0.5, -1.1, 0.9])
def attention() -> Any:
    def f(q: Any, v: Any) -> Any:
        s = [n(f"s{i}", dot(q, list(KEYS[i])) / math.sqrt(2)) for i in range(3)]
        e = [n(f"e{i}", exp(z)) for i, z in enumerate(s)]
        Z = n("Z", e[0] + e[1] + e[2])
        a = [n(f"a{i}", x / Z) for i, x in enumerate(e)]
        o = n("o", dot(a, v))
        return n("J", o * o)

    def g(slip: Slip, q: Any, v: Any) -> Any:
        v = A(v)
        s = KEYS @ A(q) / math.sqrt(2)
        a = np.exp(s) / np.exp(s).sum()
        o = a @ v
        do = slip("square's 2 forgotten @ J", 2 * o, o)
        ga = do * v
        gs = a * (ga - (a * ga).sum())
        gs = slip("normaliser held constant @ Z|a*>Z", gs, a * ga)
        gs = slip("diagonal alone @ a*|Z|-", gs, a * (1 - a) * ga)
        gs = slip("scale forgotten @ t*|s*", gs / math.sqrt(2), gs)
        gs = slip("scaled by d, not its root @ t*|s*", gs, gs / math.sqrt(2))
        gs = slip("scores' sign @ s*|t*|-", gs, -gs)
        gv = do * a
        gv = slip("weights before normalising @ o>v*|o", gv, do * np.exp(s))
        gv = slip("values with scores @ o>v*|o", gv, do * s)
        return (KEYS.T @ gs).tolist(), gv.tolist()

    return f, g


SEQ = A([0.5, -0.8, 1.1])


@derivation(0.7, -0.4, 0.1, 0.2)
def recurrent() -> Any:
    def f(w: Any, u: Any, b: Any, h: Any) -> Any:
        for i in range(3):
            h = n(f"h{i}", tanh(n(f"z{i}", n(f"wx{i}", w * SEQ[i]) + n(f"uh{i}", u * h) + b)))
        e = n("e", h - 0.3)
        return n("J", n("e2", e * e) / 2.0)

    def g(slip: Slip, w: Any, u: Any, b: Any, h: Any) -> Any:
        hs = [h]
        for x in SEQ:
            hs.append(math.tanh(w * x + u * hs[-1] + b))
        d = hs[-1] - 0.3
        d = slip("half kept @ J|e2", d, d / 2)
        gw = gu = gb = 0.0
        for i in (2, 1, 0):
            t = 1 - hs[i + 1] ** 2
            t = slip("tanh' without square @ h*", t, 1 - hs[i + 1])
            t = slip("tanh' of the state before @ h*", t, 1 - hs[i] ** 2)
            t = slip("tanh' as sigmoid's @ h*", t, hs[i + 1] * (1 - hs[i + 1]))
            t = slip("tanh' forgotten in the middle @ h1", t, 1.0 if i == 1 else t)
            z = d * t
            gw += z * slip("input of the next step @ wx*", SEQ[i], SEQ[(i + 1) % 3])
            gu += z * slip("state after the step @ uh*", hs[i], hs[i + 1])
            gb += z
            d = z * slip("u forgotten on the way back @ uh*", u, 1.0)
            d = slip("w taken for u @ uh*", d, z * w)
            if i == 1:
                d = slip("cut before the first step @ uh1|z1>uh1|h0", d, 0.0)
        gb = slip("bias of the last step alone @ z*|-", gb, (hs[-1] - 0.3) * (1 - hs[-1] ** 2))
        return float(gw), float(gu), float(gb), float(d)

    return f, g


@derivation(0.4, -0.6, 0.3, 0.9)
def gate() -> Any:
    def f(x: Any, h: Any, wz: Any, wh: Any) -> Any:
        z = n("z", sigmoid(n("zi", n("zx", wz * x) + h)))
        c = n("c", tanh(n("ci", n("ch", wh * h) + x)))
        keep = n("keep", n("omz", 1.0 - z) * h)
        return n("J", keep + n("new", z * c))

    def g(slip: Slip, x: Any, h: Any, wz: Any, wh: Any) -> Any:
        z = sig(wz * x + h)
        c = math.tanh(wh * h + x)
        dz = slip("carry's sign @ omz|z", c - h, c + h)
        dz = slip("carry forgotten @ omz|keep>omz|keep", dz, c)
        sz = slip("sigmoid' forgotten @ z", z * (1 - z), 1.0)
        sz = slip("sigmoid' as tanh' @ z", sz, 1 - z * z)
        sz = slip("sigmoid' only 1 - z @ z", sz, 1 - z)
        dzi = dz * sz
        tc = slip("tanh' of itself @ c", 1 - c * c, 1 - math.tanh(c) ** 2)
        dci = slip("gate on the new state forgotten @ new>c|new", z * tc, tc)
        dci = slip("gate the wrong way round @ new>c|new", dci, (1 - z) * tc)
        gx = dzi * wz + slip("x through c forgotten @ ci>x|ci", dci, 0.0)
        gh = dzi + dci * wh + slip("direct h forgotten @ keep>h|keep", 1 - z, 0.0)
        gwz = slip("h for x @ zx>wz|zx", dzi * x, dzi * h)
        gwh = slip("c for h @ ch>wh|ch", dci * h, dci * c)
        return float(gx), float(gh), float(gwz), float(gwh)

    return f, g


SIGNAL = A([0.5, -0.2, 0.9, 1.3, -0.7, 0.4])


@derivation([0.6, 0.5, 0.3], 0.2)
def convolution() -> Any:
    def f(k: Any, b: Any) -> Any:
        rs = [n(f"y{i}", relu(n(f"z{i}", dot(k, list(SIGNAL[i : i + 3]), b)))) for i in range(4)]
        return n("J", n("S", total(n(f"q{i}", r * r) for i, r in enumerate(rs))) / 4.0)

    def g(slip: Slip, k: Any, b: Any) -> Any:
        W = A([SIGNAL[i : i + 3] for i in range(4)])
        z = W @ A(k) + b
        y = np.maximum(z, 0)
        d = y / 2
        d = slip("mean forgotten @ J", d, 2 * y)
        d = slip("square's 2 forgotten @ q*", d, y / 4)
        dz = d * slip("relu' is relu @ y*", (z > 0) * 1.0, y)
        dz = slip("relu' the other way round @ y*", dz, d * (z < 0))
        dz = slip("first window forgotten @ q0|S>q0|y0|z0|t*", dz, dz * A([0, 1, 1, 1]))
        gk = W.T @ dz
        gk = slip("kernel reversed @ k|z*", gk, gk[::-1])
        gk = slip("windows shifted @ z*", gk, A([np.roll(SIGNAL, -1)[i : i + 3] for i in range(4)]).T @ dz)
        gb = slip("bias counted once @ z*|-", dz.sum(), dz[0])
        return gk.tolist(), float(gb)

    return f, g


COEF = A([0.7, -1.1, 0.4, 0.9])


@derivation([0.3, -0.9, 1.4, 0.6], 1.2, -0.3)
def layer_norm() -> Any:
    def f(x: Any, ga: Any, be: Any) -> Any:
        m = n("m", n("sum", x[0] + x[1] + x[2] + x[3]) / 4.0)
        c = [n(f"c{i}", v - m) for i, v in enumerate(x)]
        var = n("var", n("ss", total(n(f"cc{i}", v * v) for i, v in enumerate(c))) / 4.0)
        sd = n("sd", sqrt(n("ve", var + 0.01)))
        ys = [n(f"y{i}", n(f"gx{i}", ga * n(f"xh{i}", v / sd)) + be) for i, v in enumerate(c)]
        return n("J", total(n(f"w{i}", COEF[i] * n(f"yy{i}", y * y)) for i, y in enumerate(ys)))

    def g(slip: Slip, x: Any, ga: Any, be: Any) -> Any:
        x = A(x)
        c = x - x.mean()
        sd = math.sqrt((c * c).mean() + 0.01)
        xh = c / sd
        y = ga * xh + be
        dy = slip("square's 2 forgotten @ yy*|w*|J", 2 * COEF * y, COEF * y)
        gg = slip("gain with the raw input @ gx*>ga|gx*|-", (dy * xh).sum(), (dy * x).sum())
        gg = slip("gain with the centred input @ gx*>ga|gx*", gg, (dy * c).sum())
        gb = dy.sum()
        dx = dy * slip("gain forgotten @ gx*|xh*", ga, 1.0)
        dc = dx / sd
        dsd = slip("deviation's minus @ xh*>sd|sd|xh*", -(dx * c).sum() / sd**2, (dx * c).sum() / sd**2)
        dsd = slip("deviation held constant @ sd|ve|var|ss|xh*>sd", dsd, 0.0)
        dvar = slip("root's half forgotten @ sd", dsd / (2 * sd), dsd / sd)
        dvar = slip("root's slope upside down @ sd", dvar, dsd * 2 * sd)
        dc = dc + dvar * 2 * c / slip("variance not averaged @ var|ss", 4, 1)
        dm = slip("mean held constant @ m|sum|c*>m", -dc.sum(), 0.0)
        dm = slip("mean added @ c*>m|m", dm, -dm)
        out = dc + dm / slip("mean's n forgotten @ m|sum", 4, 1)
        return out.tolist(), float(gg), float(gb)

    return f, g


@derivation(1.1, 0.3, 0.8)
def call_option() -> Any:
    K, r = 1.0, 0.05

    def f(S: Any, vol: Any, T: Any) -> Any:
        rt = n("rt", sqrt(T))
        vs = n("vs", vol * rt)
        lm = n("lm", log(n("mon", S / K)))
        d1 = n("d1", n("num", lm + n("dr", n("rate", r + n("hv", 0.5 * n("v2", vol * vol))) * T)) / vs)
        d2 = n("d2", d1 - vs)
        N1 = n("N1", 0.5 + 0.5 * n("er1", erf(d1 / math.sqrt(2))))
        N2 = n("N2", 0.5 + 0.5 * n("er2", erf(d2 / math.sqrt(2))))
        return n("C", n("SN", S * N1) - n("KN", K * n("disc", exp(-r * T)) * N2))

    def g(slip: Slip, S: Any, vol: Any, T: Any) -> Any:
        rt = math.sqrt(T)
        d1 = (math.log(S / K) + (r + 0.5 * vol * vol) * T) / (vol * rt)
        d2 = d1 - vol * rt

        def N(x: float) -> float:
            return 0.5 * (1 + math.erf(x / math.sqrt(2)))

        def ph(x: float) -> float:
            return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

        delta = slip("density for the distribution @ SN>S|SN", N(d1), ph(d1))
        delta = slip("delta at d2 @ SN>S|SN|-", delta, N(d2))
        vega = S * ph(d1) * rt
        vega = slip("vega without root of time @ -", vega, S * ph(d1))
        vega = slip("vega with the strike @ -", vega, K * ph(d1) * rt)
        theta = S * ph(d1) * vol / (2 * rt) + r * K * math.exp(-r * T) * N(d2)
        theta = slip("discounting held constant @ disc|KN", theta, S * ph(d1) * vol / (2 * rt))
        theta = slip(
            "discounting's sign @ disc|t*|KN", theta, S * ph(d1) * vol / (2 * rt) - r * K * math.exp(-r * T) * N(d2)
        )
        theta = slip("rate forgotten @ disc|t*", theta, S * ph(d1) * vol / (2 * rt) + K * math.exp(-r * T) * N(d2))
        return float(delta), float(vega), float(theta)

    return f, g


@derivation([0.0, 1.2, 2.1])
def lennard_jones() -> Any:
    pairs = ((0, 1), (0, 2), (1, 2))

    def f(x: Any) -> Any:
        es = []
        for i, j in pairs:
            r = n(f"r{i}{j}", x[j] - x[i])
            p = n(f"p{i}{j}", r**-6)
            es.append(n(f"e{i}{j}", 4.0 * n(f"k{i}{j}", n(f"pp{i}{j}", p * p) - p)))
        return n("E", total(es))

    def g(slip: Slip, x: Any) -> Any:
        out = np.zeros(3)
        for i, j in pairs:
            r = x[j] - x[i]
            p = r**-6
            dp = slip("square's 2 forgotten @ pp*", 2 * p - 1, p - 1)
            dp = slip("attraction forgotten @ k*", dp, 2 * p)
            dr = slip("exponent not lowered @ p*", -6 * r**-7, -6 * r**-6)
            dr = slip("exponent's factor forgotten @ p*", dr, -(r**-7))
            dr = slip("exponent's sign @ p*|r*|-", dr, 6 * r**-7)
            dr = slip("exponent raised @ p*", dr, -6 * r**-5)
            d = slip("4 forgotten @ e*", 4.0, 1.0) * dp * dr
            d = d * slip("the far pair skipped @ *02", 1.0, 0.0 if (i, j) == (0, 2) else 1.0)
            out[j] += d
            out[i] += slip("both pushed the same way @ r*", -d, d)
        return out.tolist()

    return f, g


M = A([[1.5, 0.4, -0.2], [0.1, 0.9, 0.6], [0.3, -0.5, 1.2]])


@derivation([0.7, -0.4, 1.1])
def quadratic_form() -> Any:
    def f(x: Any) -> Any:
        y = [n(f"y{i}", dot(list(M[i]), x)) for i in range(3)]
        return n("Q", dot(x, y))

    def g(slip: Slip, x: Any) -> Any:
        x = A(x)
        a, b = M @ x, M.T @ x
        b = slip("taken as symmetric @ y*|Q|-", b, a)
        b = slip("inner x held constant @ y*|Q>y*|Q", b, 0 * b)
        a = slip("outer x held constant @ Q>x*|Q", a, 0 * a)
        out = a + b
        out = slip("half of it @ Q|-", out, out / 2)
        out = slip("last entry with the first's @ x|-", out, A([out[0], out[1], out[0]]))
        return out.tolist()

    return f, g


@derivation(1.4, 0.3, 0.9, -0.2)
def log_determinant() -> Any:
    def f(a: Any, b: Any, c: Any, x: Any) -> Any:
        det = n("det", n("ac", a * c) - n("bb", b * b))
        quad = n("quad", n("xx", x * x) * n("ia", a / det))
        return n("J", n("ld", 0.5 * n("lg", log(det))) + quad)

    def g(slip: Slip, a: Any, b: Any, c: Any, x: Any) -> Any:
        det = a * c - b * b
        d = 0.5 / det
        d = slip("log's slope forgotten @ lg", d, 0.5)
        d = slip("half forgotten @ ld", d, 1 / det)
        k = slip("quotient's minus @ ia>det|ia|det", -x * x * a / det**2, x * x * a / det**2)
        k = slip("quotient not squared @ ia>det|ia", k, -x * x * a / det)
        k = slip("inverse held constant @ ia>det|ia", k, 0.0)
        d = d + k
        ga = d * slip("wrong diagonal @ ac>a|ac", c, a) + slip("numerator forgotten @ ia>a|ia", x * x / det, 0.0)
        gb = slip("2 of b² forgotten @ bb", -2 * b * d, -b * d)
        gb = slip("sign of b² @ bb|det", gb, 2 * b * d)
        gc = a * d
        gx = slip("x not doubled @ xx", 2 * x * a / det, x * a / det)
        return float(ga), float(gb), float(gc), float(gx)

    return f, g


@derivation(2.9, 0.37)
def logistic_map() -> Any:
    def f(r: Any, x: Any) -> Any:
        for i in range(4):
            x = n(f"x{i}", r * n(f"m{i}", x * n(f"o{i}", 1.0 - x)))
        return x

    def g(slip: Slip, r: Any, x: Any) -> Any:
        dr, dx = 0.0, 1.0
        for i in range(4):
            slope = r * slip("2 of the parabola forgotten @ m*|o*|-", 1 - 2 * x, 1 - x)
            slope = slip("sign inside @ o*", slope, r * 1.0)
            slope = slip("r forgotten @ x*", slope, 1 - 2 * x)
            own = slip("r's own step forgotten @ x*>r|x*", x * (1 - x), 0.0)
            own = slip("x for x(1 - x) @ x*>r|x*", own, x)
            if i == 3:
                own = slip("last own step doubled @ x3>r|x3", own, 2 * own)
                slope = slip("last step passed unchanged @ x3|m3|-", slope, 1.0)
            dr, dx = slope * dr + own, slope * dx
            x = r * x * (1 - x)
        return float(dr), float(dx)

    return f, g


@derivation([0.6, -0.4, 0.2], 0.1)
def margin() -> Any:
    signs = A([1.0, -1.0, 1.0, -1.0])

    def f(w: Any, b: Any) -> Any:
        ls = []
        for i in range(4):
            mi = n(f"m{i}", signs[i] * n(f"z{i}", dot(w, list(XS[i]), b)))
            ls.append(n(f"l{i}", softplus(n(f"g{i}", -mi))))
        reg = n("reg", 0.2 * n("ww", w[0] * w[0] + w[1] * w[1] + w[2] * w[2]))
        return n("J", n("L", total(ls)) + reg)

    def g(slip: Slip, w: Any, b: Any) -> Any:
        z = XS @ A(w) + b
        p = sig(-signs * z)
        p = slip("softplus' of the other sign @ l*", p, sig(signs * z))
        p = slip("softplus' is softplus @ l*", p, np.log1p(np.exp(-signs * z)))
        p = slip("softplus' twice @ l*", p, p * (1 - p))
        d = slip("minus of the margin @ g*|m*", -p * signs, p * signs)
        d = slip("labels forgotten @ m*", d, -p)
        r = slip("2 of the penalty forgotten @ reg|ww|t*", 0.4 * A(w), 0.2 * A(w))
        r = slip("weight of the penalty forgotten @ reg", r, 2 * A(w))
        r = slip("penalty subtracted @ J>reg|reg|J", r, -r)
        gb = slip("bias with penalty @ -", d.sum(), d.sum() + 0.4 * b)
        return (XS.T @ d + r).tolist(), float(gb)

    return f, g


@derivation([0.5, -0.7, 1.1], [0.9, 0.3, 0.4])
def cosine() -> Any:
    def f(a: Any, b: Any) -> Any:
        ab = n("ab", dot(a, b))
        na = n("na", sqrt(n("aa", dot(a, a))))
        nb = n("nb", sqrt(n("bb", dot(b, b))))
        return n("c", ab / n("nab", na * nb))

    def g(slip: Slip, a: Any, b: Any) -> Any:
        a, b = A(a), A(b)
        na, nb = math.sqrt(a @ a), math.sqrt(b @ b)
        ab = a @ b
        nab = na * nb
        first = slip("first factor itself @ ab>a*|ab", b / nab, a / nab)
        second = slip("norm of a held constant @ na|aa|nab>na", ab / nab / na**2 * a, 0 * a)
        second = slip("norm of a not squared @ -", second, ab / nab / na * a)
        second = slip("norm of a doubled @ na|aa", second, 2 * second)
        ga = first - slip("quotient's minus @ c>nab|nab|na|aa|-", second, -second)
        third = slip("norm of b held constant @ nb|bb|nab>nb", ab / nab / nb**2 * b, 0 * b)
        gb = a / nab - third
        gb = slip("b not normalised by a @ -", gb, gb * na)
        return ga.tolist(), gb.tolist()

    return f, g


@derivation(0.3, 0.7, -0.2, 1.1)
def divergence() -> Any:
    def f(m1: Any, s1: Any, m2: Any, s2: Any) -> Any:
        d = n("d", m1 - m2)
        top = n("top", n("s11", s1 * s1) + n("dd", d * d))
        low = n("low", 2.0 * n("s22", s2 * s2))
        return n("KL", n("lr", log(n("ratio", s2 / s1))) + n("fr", top / low))

    def g(slip: Slip, m1: Any, s1: Any, m2: Any, s2: Any) -> Any:
        d, low = m1 - m2, 2 * s2 * s2
        gm = slip("2 of the square forgotten @ dd", 2 * d / low, d / low)
        gm = slip("2 s² forgotten below @ top>dd|dd|d", gm, 2 * d)
        gm2 = slip("second mean's sign @ d>m2|d", -gm, gm)
        g1 = slip("log of s1's sign @ ratio>s1|ratio", -1 / s1, 1 / s1) + slip(
            "s1 in the fraction forgotten @ s11|top>s11|top", 2 * s1 / low, 0.0
        )
        g2 = slip("log not differentiated @ -", 1 / s2, math.log(s2)) - (s1 * s1 + d * d) / s2**3
        g2 = slip("fraction's power @ -", g2, 1 / s2 - (s1 * s1 + d * d) / s2**2)
        g2 = slip("log of s2 forgotten @ ratio>s2|ratio", g2, -(s1 * s1 + d * d) / s2**3)
        return float(gm), float(g1), float(gm2), float(g2)

    return f, g


@derivation(48.1, 11.6)
def haversine() -> Any:
    rad = math.pi / 180
    p0, l0 = 52.5 * rad, 13.4 * rad

    def f(lat: Any, lon: Any) -> Any:
        p, l = n("p", lat * rad), n("l", lon * rad)
        s1 = n("s1", sin(n("h1", (p - p0) / 2.0)))
        s2 = n("s2", sin(n("h2", (l - l0) / 2.0)))
        return n("a", n("q1", s1 * s1) + n("k", n("cp", cos(p)) * n("q2", math.cos(p0) * n("s22", s2 * s2))))

    def g(slip: Slip, lat: Any, lon: Any) -> Any:
        p, l = lat * rad, lon * rad
        h1, h2 = (p - p0) / 2, (l - l0) / 2
        a = slip(
            "half angle's half forgotten @ h1|s1|q1|t*", math.sin(h1) * math.cos(h1), 2 * math.sin(h1) * math.cos(h1)
        )
        a = slip("sine's slope itself @ s1", a, math.sin(h1) * math.sin(h1))
        c = slip("cosine's minus @ cp|k", -math.sin(p), math.sin(p)) * math.cos(p0) * math.sin(h2) ** 2
        c = slip("latitude in the cosine forgotten @ cp|k>cp|k", c, 0.0)
        gp = a + c
        gl = math.cos(p) * math.cos(p0) * math.sin(h2) * math.cos(h2)
        gl = slip("half forgotten in longitude @ h2|s2|s22|t*", gl, 2 * gl)
        gl = slip("other latitude forgotten @ q2|s22", gl, gl / math.cos(p0))
        gp, gl = slip("degrees forgotten @ p|l|-", (gp * rad, gl * rad), (gp, gl))
        gl = slip("degrees the other way @ l|-", gl, gl / rad**2)
        return float(gp), float(gl)

    return f, g


@derivation(0.9, 0.4, 0.05)
def integrator() -> Any:
    def f(x: Any, k: Any, c: Any) -> Any:
        for i in range(5):
            x = n(f"x{i}", x - n(f"s{i}", 0.2 * n(f"d{i}", n(f"kx{i}", k * x) + n(f"cx{i}", c * n(f"xx{i}", x * x)))))
        return n("J", x * x)

    def g(slip: Slip, x: Any, k: Any, c: Any) -> Any:
        xs = [x]
        for _ in range(5):
            v = xs[-1]
            xs.append(v - 0.2 * (k * v + c * v * v))
        d = slip("square of the end not differentiated @ J", 2 * xs[-1], xs[-1])
        gk = gc = 0.0
        for i in range(4, -1, -1):
            v = xs[i]
            h = slip("step size forgotten @ s*", 0.2, 1.0)
            gk -= d * h * slip("state after the step @ kx*>k|kx*", v, xs[i + 1])
            gc -= d * h * slip("square forgotten @ cx*>c|cx*", v * v, v)
            inner = k + slip("square's 2 forgotten @ xx*|-", 2 * c * v, c * v)
            inner = slip("linear part forgotten @ kx*>x*|kx*|d*>kx*", inner, 2 * c * v)
            d = d * (slip("state itself forgotten @ x*>x*|x*|-", 1.0, 0.0) - 0.2 * inner)
        gk = slip("sign of k @ -", gk, -gk)
        return float(d), float(gk), float(gc)

    return f, g


@derivation(0.6, -0.2)
def focal() -> Any:
    def f(w: Any, b: Any) -> Any:
        ls = []
        for i, x in enumerate((0.5, -1.0, 1.6)):
            p = n(f"p{i}", sigmoid(n(f"z{i}", w * x + b)))
            q = n(f"q{i}", 1.0 - p)
            ls.append(n(f"l{i}", n(f"qq{i}", q * q) * n(f"lg{i}", log(p))))
        return n("J", -n("S", total(ls)))

    def g(slip: Slip, w: Any, b: Any) -> Any:
        x = A([0.5, -1.0, 1.6])
        p = sig(w * x + b)
        q = 1 - p
        mod = slip("modulation held constant @ qq*|q*|l*>qq*|l*", -2 * q * np.log(p), 0 * q)
        mod = slip("modulation's sign @ q*", mod, 2 * q * np.log(p))
        mod = slip("modulation's 2 forgotten @ qq*", mod, -q * np.log(p))
        lp = slip("log as it stands @ lg*", q * q / p, q * q * np.log(p))
        lp = slip("log of the other class @ lg*", lp, q * q / q)
        s = slip("sigmoid' forgotten @ p*", p * q, 1.0)
        s = slip("sigmoid' squared @ p*", s, p * p)
        d = slip("minus in front forgotten @ J|S|-", -(mod + lp) * s, (mod + lp) * s)
        return float((d * slip("inputs forgotten @ t*|z*", x, 1.0)).sum()), float(d.sum())

    return f, g


@derivation([[0.4, -0.3], [0.7, 0.2]], [[0.5, 0.9], [-0.6, 0.1], [0.3, -0.8]])
def factorisation() -> Any:
    R = A([[1.0, 0.3, -0.2], [0.4, -0.9, 0.8]])

    def f(U: Any, V: Any) -> Any:
        es = []
        for i in range(2):
            for j in range(3):
                e = n(f"e{i}{j}", n(f"r{i}{j}", dot(U[i], V[j])) - R[i, j])
                es.append(n(f"q{i}{j}", e * e))
        reg = n("reg", 0.05 * n("uu", total(u * u for row in U for u in row)))
        return n("J", n("L", total(es)) + reg)

    def g(slip: Slip, U: Any, V: Any) -> Any:
        U, V = A(U), A(V)
        E = U @ V.T - R
        E2 = slip("2 forgotten @ q*", 2 * E, E)
        E2 = slip("first rating skipped @ *00|L|t*", E2, E2 * A([[0, 1, 1], [1, 1, 1]]))
        gU = E2 @ V
        gU = slip("U with U @ r*>U*|r*|-", gU, (E2.sum(1, keepdims=True)) * U)
        gU = gU + slip("penalty forgotten @ reg|J>reg|uu", 0.1 * U, 0 * U)
        gU = slip("U transposed @ U", gU, gU.T)
        gV = E2.T @ U
        gV = slip("V penalised too @ -", gV, gV + 0.1 * V)
        gV = slip("sign of V @ V|-", gV, -gV)
        gV = slip("columns of V exchanged @ V", gV, gV[:, ::-1])
        gV = slip("V already updated @ -", gV, E2.T @ (U - 0.1 * gU))
        return gU.tolist(), gV.tolist()

    return f, g


@derivation(0.8, 1.3, 0.5, 0.6)
def kalman() -> Any:
    def f(x: Any, P: Any, z: Any, Rn: Any) -> Any:
        S = n("S", P + Rn)
        K = n("K", P / S)
        inn = n("inn", z - x)
        post = n("post", x + n("Ki", K * inn))
        return n("J", n("pp", post * post) + n("Pn", n("omk", 1.0 - K) * P))

    def g(slip: Slip, x: Any, P: Any, z: Any, Rn: Any) -> Any:
        S = P + Rn
        K = P / S
        inn = z - x
        post = x + K * inn
        dp = slip("square's 2 forgotten @ pp", 2 * post, post)
        dK = dp * inn - slip("covariance update forgotten @ omk|Pn>omk|Pn", P, 0.0)
        dK = slip("sign of 1 - K @ omk", dK, dp * inn + P)
        gx = dp * (1 - slip("innovation of x forgotten @ inn>x|inn|Ki>inn", K, 0.0))
        gz = dp * slip("gain forgotten @ Ki>inn|Ki|inn", K, 1.0)
        dS = slip("quotient not squared @ K>S|K", -P / S**2, -P / S) * dK
        gP = dK / S + slip("P in S forgotten @ S>P|S", dS, 0.0) + slip("P outside forgotten @ Pn>P|Pn", 1 - K, 0.0)
        gP = slip("gain itself for its slope @ K>P|K", gP, dK * K + dS + 1 - K)
        gR = slip("sign of R @ S>Rn|S|-", dS, -dS)
        return float(gx), float(gP), float(gz), float(gR)

    return f, g


@derivation(0.3, 0.8, [1.2, -0.4, 0.9, 2.1])
def bilinear() -> Any:
    def f(u: Any, v: Any, c: Any) -> Any:
        ou, ov = n("ou", 1.0 - u), n("ov", 1.0 - v)
        low = n("low", n("l0", ou * c[0]) + n("l1", u * c[1]))
        high = n("high", n("h0", ou * c[2]) + n("h1", u * c[3]))
        return n("I", n("vl", ov * low) + n("vh", v * high))

    def g(slip: Slip, u: Any, v: Any, c: Any) -> Any:
        ou, ov = 1 - u, 1 - v
        lu = slip("minus of 1 - u @ l0>ou|l0", c[1] - c[0], c[1] + c[0])
        hu = slip("upper right forgotten @ h1>u|h1", c[3] - c[2], -c[2])
        gu = slip("weights of rows exchanged @ vl|vh|-", ov * lu + v * hu, v * lu + ov * hu)
        gv = (ou * c[2] + u * c[3]) - slip("lower row forgotten @ ov|vl>ov|vl", ou * c[0] + u * c[1], 0.0)
        gc = [ou * ov, u * ov, ou * v, u * v]
        gc = slip("corners in another order @ c", gc, [gc[0], gc[2], gc[1], gc[3]])
        gc[3] = slip("last corner without v @ vh>high|h1|high|-", gc[3], u)
        gc[0] = slip("first corner with u @ l0>c*|l0|-", gc[0], u * ov)
        gc = slip("all corners twice @ c|-", gc, [2 * x for x in gc])
        return float(gu), float(gv), [float(x) for x in gc]

    return f, g


@derivation([0.7, 1.9, 1.2])
def power_mean() -> Any:
    def f(x: Any) -> Any:
        S = n("S", total(n(f"c{i}", v**3) for i, v in enumerate(x)))
        return n("M", n("av", S / 3.0) ** (1 / 3))

    def g(slip: Slip, x: Any) -> Any:
        x = A(x)
        av = (x**3).mean()
        outer = slip("outer exponent not lowered @ M", av ** (-2 / 3) / 3, av ** (1 / 3) / 3)
        outer = slip("outer exponent's factor forgotten @ M", outer, av ** (-2 / 3))
        outer = slip("outer at the sum @ M", outer, (3 * av) ** (-2 / 3) / 3)
        inner = slip("inner factor forgotten @ c*", 3 * x * x, x * x)
        inner = slip("inner exponent not lowered @ c*", inner, 3 * x**3)
        inner = slip("inner exponent lowered twice @ c*", inner, 3 * x)
        inner = slip("mean forgotten @ av|S|M", inner / 3, inner)
        return (outer * inner).tolist()

    return f, g


@derivation(0.4, -0.5, 1.2)
def mixture() -> Any:
    def f(logit: Any, m1: Any, m2: Any) -> Any:
        w = n("w", sigmoid(logit))
        out = []
        for i, x in enumerate((-0.8, 0.1, 1.5)):
            d1, d2 = n(f"d1{i}", x - m1), n(f"d2{i}", x - m2)
            g1 = n(f"g1{i}", exp(n(f"a1{i}", -0.5 * n(f"s1{i}", d1 * d1))))
            g2 = n(f"g2{i}", exp(n(f"a2{i}", -0.5 * n(f"s2{i}", d2 * d2))))
            mix = n(f"mix{i}", n(f"wg1{i}", w * g1) + n(f"wg2{i}", n("ow", 1.0 - w) * g2))
            out.append(n(f"l{i}", log(mix)))
        return n("J", total(out))

    def g(slip: Slip, logit: Any, m1: Any, m2: Any) -> Any:
        x = A([-0.8, 0.1, 1.5])
        w = sig(logit)
        g1, g2 = np.exp(-((x - m1) ** 2) / 2), np.exp(-((x - m2) ** 2) / 2)
        mix = w * g1 + (1 - w) * g2
        inv = slip("log's slope forgotten @ l*", 1 / mix, np.ones(3))
        dw = (inv * (g1 - slip("second weight held constant @ ow*", g2, 0.0 * g2))).sum()
        dw = slip("second weight's sign @ ow*", dw, (inv * (g1 + g2)).sum())
        gl = dw * slip("sigmoid' forgotten @ w", w * (1 - w), 1.0)
        gl = slip("sigmoid' is w @ w", gl, dw * w)
        d1 = slip("sign of d1 @ d1*|a1*|s1*|-", x - m1, m1 - x)
        gm1 = (inv * slip("weight forgotten @ wg1*>g1*|wg1*", w, 1.0) * g1 * d1).sum()
        gm1 = slip("density forgotten @ g1*", gm1, (inv * w * d1).sum())
        gm2 = (inv * (1 - w) * g2 * (x - m2)).sum()
        gm2 = slip("weight of the first @ wg2*>g2*|wg2*", gm2, (inv * w * g2 * (x - m2)).sum())
        gm2 = slip("2 kept @ s2*|a2*", gm2, 2 * gm2)
        return float(gl), float(gm1), float(gm2)

    return f, g


@derivation(
    [[0.3, -0.4, 0.2], [0.8, 0.1, -0.6], [-0.5, 0.7, 0.4]],
    [0.1, -0.1, 0.2],
    [[0.5, -0.2, 0.9], [-0.7, 0.3, 0.6]],
    [0.4, -0.8],
)
def sigmoid_network() -> Any:
    x0 = A([0.9, -0.4, 1.3])

    def f(W1: Any, b1: Any, W2: Any, w3: Any) -> Any:
        z1 = [n(f"z1{i}", dot(W1[i], list(x0), b1[i])) for i in range(3)]
        a1 = [n(f"a1{i}", sigmoid(z)) for i, z in enumerate(z1)]
        z2 = [n(f"z2{i}", dot(W2[i], a1)) for i in range(2)]
        a2 = [n(f"a2{i}", sigmoid(z)) for i, z in enumerate(z2)]
        e = n("e", n("o", dot(w3, a2)) - 0.3)
        return n("J", 0.5 * n("ee", e * e))

    def g(slip: Slip, W1: Any, b1: Any, W2: Any, w3: Any) -> Any:
        W1, b1, W2, w3 = map(A, (W1, b1, W2, w3))
        z1 = W1 @ x0 + b1
        a1 = sig(z1)
        z2 = W2 @ a1
        a2 = sig(z2)
        e = w3 @ a2 - 0.3
        e = slip("error doubled @ J|ee", e, 2 * e)
        g3 = slip("output weights with z @ o>w3*|o", e * a2, e * z2)
        g3 = slip("error forgotten at the output weights @ o>w3*|o|-", g3, a2)
        d2 = e * slip("output weights forgotten @ o>a2*|o", w3, 1.0)
        s2 = slip("sigmoid' forgotten in layer 2 @ a2*", a2 * (1 - a2), 1.0)
        s2 = slip("sigmoid' at z in layer 2 @ a2*", s2, z2 * (1 - z2))
        s2 = slip("sigmoid' as tanh' in layer 2 @ a2*", s2, 1 - a2 * a2)
        d2 = d2 * s2
        d2 = slip("parentheses lost in layer 2 @ a2*", d2, e * w3 * a2 * 1 - a2)
        g2 = np.outer(d2, a1)
        g2 = slip("layer 2 with z of layer 1 @ z2*>W2*|z2*", g2, np.outer(d2, z1))
        d1 = W2.T @ d2
        d1 = slip("second neuron's error forgotten @ z21|z21>a1*|-", d1, W2[0] * d2[0])
        s1 = slip("sigmoid' sum for product in layer 1 @ a1*", a1 * (1 - a1), a1 + (1 - a1))
        s1 = slip("sigmoid' plus in layer 1 @ a1*", s1, a1 * (1 + a1))
        s1 = slip("sigmoid' twice in layer 1 @ a1*", s1, s1 * s1)
        d1 = d1 * s1
        g1 = np.outer(d1, x0)
        g1 = slip("layer 1 transposed @ W1", g1, g1.T)
        gb = slip("bias before the slope @ z1*>b1*|a1*|b1", d1, W2.T @ d2)
        gb = slip("bias averaged @ b1|-", gb, np.full(3, gb.mean()))
        return g1.tolist(), gb.tolist(), g2.tolist(), g3.tolist()

    return f, g


@derivation([0.0, 1.1, 2.4], [0.2, -0.1, 0.3])
def springs() -> Any:
    links = ((0, 1, 2.0), (1, 2, 1.5))

    def f(x: Any, y: Any) -> Any:
        es = []
        for i, j, k in links:
            dx, dy = n(f"dx{i}", x[j] - x[i]), n(f"dy{i}", y[j] - y[i])
            ln = n(f"len{i}", sqrt(n(f"sq{i}", n(f"xx{i}", dx * dx) + n(f"yy{i}", dy * dy))))
            st = n(f"st{i}", ln - 1.0)
            es.append(n(f"e{i}", 0.5 * k * n(f"ss{i}", st * st)))
        return n("E", total(es))

    def g(slip: Slip, x: Any, y: Any) -> Any:
        gx, gy = np.zeros(3), np.zeros(3)
        for i, j, k in links:
            dx, dy = x[j] - x[i], y[j] - y[i]
            ln = math.hypot(dx, dy)
            d = slip("stiffness forgotten @ e*", k, 1.0) * (ln - slip("rest length forgotten @ st*|ss*|-", 1.0, 0.0))
            d = slip("half kept @ e*|ss*", d, d / 2)
            ux, uy = slip("direction not normalised @ len*|sq*|-", (dx / ln, dy / ln), (dx, dy))
            ux, uy = slip("root's half kept @ len*|sq*|xx*", (ux, uy), (ux / 2, uy / 2))
            uy = slip("dx for dy @ yy*|y", uy, dx / ln)
            uy = slip("sign of dy @ yy*|dy*", uy, -uy)
            gx[j] += d * ux
            gy[j] += d * uy
            gx[i] -= d * ux
            gy[i] -= slip("counterforce forgotten @ dy*>y*|dy*", d * uy, 0.0)
        gx = slip("second node pushed once @ -", gx, A([gx[0], -gx[2], gx[2]]))
        return gx.tolist(), gy.tolist()

    return f, g


@derivation(0.8, 0.3, 1.4)
def piecewise() -> Any:
    def f(a: Any, b: Any, x: Any) -> Any:
        s = n("s", sin(n("bx", b * x)))
        c = n("c", where(x > 1.0, n("ax", a * s), n("bs", b * s)))
        return n("J", n("ex", exp(n("h", -0.5 * n("cc", c * c)))) + n("lx", log(n("xx", 1.0 + x * x))))

    def g(slip: Slip, a: Any, b: Any, x: Any) -> Any:
        s = math.sin(b * x)
        c = a * s
        ex = math.exp(-c * c / 2)
        dc = slip("exponential forgotten @ ex", -c * ex, -c)
        dc = slip("inner minus forgotten @ h|cc|-", dc, c * ex)
        ga = dc * s
        co = slip("cosine's sign @ s", math.cos(b * x), -math.cos(b * x))
        co = slip("cosine of b alone @ s", co, math.cos(b))
        gb = slip("x forgotten @ bx>b|bx|s", dc * a * co * x, dc * a * co)
        gb = slip("other branch's b too @ -", gb, dc * (a * co * x + s))
        gx = slip("b forgotten @ bx>x|bx", dc * a * co * b, dc * a * co)
        gx += slip("log's inner slope forgotten @ xx|t*|lx", 2 * x / (1 + x * x), 1 / (1 + x * x))
        return float(ga), float(gb), float(gx)

    return f, g


@derivation([0.2, 0.5, -0.3], [0.9, 0.4, 0.1])
def contrast() -> Any:
    def f(a: Any, b: Any) -> Any:
        d2 = n("d2", total(n(f"s{i}", n(f"d{i}", p - q) ** 2) for i, (p, q) in enumerate(zip(a, b, strict=True))))
        d = n("d", sqrt(d2))
        m = n("m", 2.0 - d)
        return n("J", n("pos", 0.3 * d2) + n("neg", 0.7 * n("mm", m * m)))

    def g(slip: Slip, a: Any, b: Any) -> Any:
        df = A(a) - A(b)
        d = math.sqrt(df @ df)
        m = 2 - d
        pos = slip("attraction forgotten @ pos|J>pos|J", 0.3, 0.0)
        neg = slip("margin's minus @ m", -0.7 * 2 * m, 0.7 * 2 * m) / (2 * d)
        neg = slip("weight swapped @ neg", neg, neg * 0.3 / 0.7)
        neg = slip("root's half forgotten @ d", neg, 2 * neg)
        neg = slip("root forgotten @ d", neg, neg * 2 * d)
        inner = slip("inner 2 forgotten @ s*", 2 * df, df)
        inner = slip("absolute differences @ s*|d*|-", inner, 2 * np.abs(df))
        ga = (pos + neg) * inner
        gb = slip("the same for b @ d*>b*|b|-", -ga, ga)
        return ga.tolist(), gb.tolist()

    return f, g
