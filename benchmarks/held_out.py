"""Gradients derived by hand that no form was chosen by: 15 functions with 114 slips, written after the search was done.

In the form of `benchmarks.spoiled`.  `FIRST_RUN` is what `viz.explain` found of them when they were run for the first
time.  Afterwards it was learned from them that a factor at one step is often a step above that was left out on one way.
"""

# Helpers inside of a case are lambdas, which have no types.
# mypy: allow-untyped-calls
# ruff: noqa: D103 - each function is a case, which its name says

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import atan, cos, dot, exp, log, log1p, relu, sigmoid, sin, sqrt, tanh
from benchmarks.spoiled import Derivation, Slip, n, registering

A = np.asarray
DERIVATIONS: list[Derivation] = []
derivation = registering(DERIVATIONS)
FIRST_RUN = {"all": 114, "first": 101, "first three": 101, "misleading": 9, "nothing": 4}


@derivation([0.6, -0.4, 0.9], 1.3)
def huber_like_fit_of_a_line() -> Any:
    x, y = A([0.2, 1.1, -0.7, 1.9]), A([0.5, 0.1, 1.4, -0.6])

    def f(p: Any, s: Any) -> Any:
        a, b, c = n("a", p[0]), n("b", p[1]), n("c", p[2])
        s = n("s", s)
        costs = []
        for i in range(4):
            m = n(f"m{i}", dot([a, b, c], [1.0, float(x[i]), float(x[i] ** 2)]))
            r = n(f"r{i}", m - float(y[i]))
            u = n(f"u{i}", r / s)
            q = n(f"q{i}", 1.0 + n(f"uu{i}", u * u))
            h = n(f"h{i}", sqrt(q))
            costs.append(n(f"c{i}", h - 1.0))
        return n("J", s * n("tot", sum(costs)))

    def gradient(slip: Slip, p: Any, s: Any) -> Any:
        a, b, c = p
        r = a + b * x + c * x**2 - y
        u = r / s
        h = np.sqrt(1 + u * u)
        dh = slip("scale in front forgotten @ J>tot|tot>c*", s, 1.0)
        dq = dh * slip("root's half forgotten @ h*", 0.5 / h, 1.0 / h)
        dq = slip("root's slope not inverted @ h*", dq, dh * 0.5 * h)
        du = dq * slip("square's two forgotten @ uu*", 2 * u, u)
        dr = du / slip("residual's scale squared @ u*>r*", s, s * s)
        ga, gb = np.sum(dr), np.sum(dr * x)
        gc = np.sum(dr * slip("feature not squared @ m*>c", x**2, x))
        ds = np.sum(h - 1) - np.sum(du * u) / s
        ds = slip("scale inside the residuals forgotten @ u*>s", ds, np.sum(h - 1))
        ds = slip("first term of the product rule forgotten @ J>s", ds, -np.sum(du * u) / s)
        return [ga, gb, gc], float(ds)

    return f, gradient


@derivation([0.4, -0.2, 0.7], [0.5, 0.3], 0.8)
def attention_over_two_tokens() -> Any:
    K = A([[0.3, -0.6, 0.9], [1.1, 0.2, -0.4]])

    def f(q: Any, v: Any, w: Any) -> Any:
        q = [n(f"q{j}", each) for j, each in enumerate(q)]
        v = [n(f"v{i}", each) for i, each in enumerate(v)]
        w = n("w", w)
        s = [n(f"s{i}", dot(q, K[i].tolist())) for i in range(2)]
        t = [n(f"t{i}", w * s[i]) for i in range(2)]
        d = n("d", t[0] - t[1])
        p = n("p", sigmoid(d))
        o = n("o", n("pv", p * v[0]) + n("rv", n("rest", 1.0 - p) * v[1]))
        return n("J", n("e", o - 0.2) ** 2)

    def gradient(slip: Slip, q: Any, v: Any, w: Any) -> Any:
        q, v = A(q), A(v)
        s = K @ q
        p = 1 / (1 + math.exp(-(w * s[0] - w * s[1])))
        do = slip("two of the square forgotten @ J", 2, 1) * (p * v[0] + (1 - p) * v[1] - 0.2)
        gv = do * A([p, slip("first weight for the second value @ rv>v1", 1 - p, p)])
        dp = do * slip("the weight's second place forgotten @ rv>rest|rest", v[0] - v[1], v[0])
        dp = slip("minus of one less the weight lost @ rest", dp, do * (v[0] + v[1]))
        dd = dp * slip("sigmoid's slope without its square @ p", p * (1 - p), p)
        dt = dd * A([1.0, slip("minus of the second score lost @ d>t1", -1.0, 1.0)])
        ds = slip("temperature forgotten on the way to the scores @ t*>s*", w, 1.0) * dt
        gq = K.T @ ds
        gw = slip("only the first score in the temperature's slope @ t1>w", dt @ s, dt[0] * s[0])
        return gq.tolist(), gv.tolist(), float(gw)

    return f, gradient


@derivation([0.9, 0.35], [0.2, -0.1])
def damped_oscillator_by_leapfrog() -> Any:
    dt, want = 0.3, 0.5

    def f(p: Any, start: Any) -> Any:
        k, g = n("k", p[0]), n("g", p[1])
        x, v = n("x0", start[0]), n("v0", start[1])
        for i in range(1, 4):
            kx = n(f"kx{i}", k * x)
            gv = n(f"gv{i}", g * v)
            F = n(f"F{i}", kx + gv)
            v = n(f"v{i}", v - n(f"dv{i}", dt * F))
            x = n(f"x{i}", x + n(f"dx{i}", dt * v))
        return n("J", 0.5 * n("sq", n("miss", x - want) ** 2))

    def gradient(slip: Slip, p: Any, start: Any) -> Any:
        k, g = p
        xs, vs = [start[0]], [start[1]]
        for _ in range(3):
            vs.append(vs[-1] - dt * (k * xs[-1] + g * vs[-1]))
            xs.append(xs[-1] + dt * vs[-1])
        dx = slip("two and half of the cost both lost but one @ J|sq", xs[3] - want, 2 * (xs[3] - want))
        dv = gk = gg = 0.0
        for i in (2, 1, 0):
            dv = dv + slip("step width forgotten where the place moves @ dx*", dt, 1.0) * dx
            dF = -dt * dv
            gk += dF * slip("place after the step in the spring's force @ kx*>k", xs[i], xs[i + 1])
            gg += dF * slip("place for the speed in the damping @ gv*>g", vs[i], xs[i])
            dx = dx + slip("spring's pull on the place forgotten @ kx*>x*", dF * k, 0.0)
            dv = dv + slip("damping's sign turned on the way back @ gv*>v*", dF * g, -dF * g)
        return [gk, gg], [dx, dv]

    return f, gradient


@derivation([1.4, 0.6], 0.5)
def two_compartments_at_rest() -> Any:
    def f(k: Any, c: Any) -> Any:
        a, b = n("a", k[0]), n("b", k[1])
        c = n("c", c)
        num = n("num", a * c)
        den = n("den", b + c)
        v = n("v", num / den)
        e = n("e", exp(n("neg", -v)))
        s = n("s", 1.0 - e)
        return n("out", n("ls", log(s)) + n("pen", 0.1 * n("aa", a * a)))

    def gradient(slip: Slip, k: Any, c: Any) -> Any:
        a, b = k
        den = b + c
        v = a * c / den
        e = math.exp(-v)
        ds = slip("logarithm's slope forgotten @ ls", 1 / (1 - e), 1.0)
        dv = slip("minus of the exponent lost @ neg|e|s", e * ds, -e * ds)
        dnum = dv / slip("denominator squared under the numerator's slope @ v>num", den, den * den)
        dden = -dv * slip("numerator lost in the quotient @ v>den", a * c, 1.0) / den**2
        ga = dnum * slip("other factor lost @ num>a", c, 1.0) + slip("penalty's two lost @ aa", 0.2, 0.1) * a
        gc = dnum * a + slip("concentration in the denominator forgotten @ den>c", dden, 0.0)
        return [ga, slip("denominator's minus lost @ v>den", dden, -dden)], float(gc)

    return f, gradient


@derivation([[0.4, -0.3], [0.2, 0.6]], [0.1, -0.2], [0.7, -0.5])
def small_network_with_dropout_and_skip() -> Any:
    X, T, mask = A([[0.5, 1.0], [-0.8, 0.3], [0.9, -0.4]]), A([0.3, -0.2, 0.8]), A([1.25, 0.0])

    def f(W: Any, b: Any, v: Any) -> Any:
        W = [[n(f"W{j}{i}", W[j][i]) for i in range(2)] for j in range(2)]
        b = [n(f"b{j}", each) for j, each in enumerate(b)]
        v = [n(f"v{j}", each) for j, each in enumerate(v)]
        costs = []
        for k in range(3):
            z = [n(f"z{k}{j}", dot(W[j], X[k].tolist(), b[j])) for j in range(2)]
            a = [n(f"a{k}{j}", tanh(each)) for j, each in enumerate(z)]
            m = [n(f"m{k}{j}", (1.0 + float(mask[j])) * a[j]) for j in range(2)]
            y = n(f"y{k}", dot(v, m))
            e = n(f"e{k}", y - float(T[k]))
            costs.append(n(f"l{k}", e * e))
        return n("J", n("sum", sum(costs)) / 3.0)

    def gradient(slip: Slip, W: Any, b: Any, v: Any) -> Any:
        W, b, v = A(W), A(b), A(v)
        a = np.tanh(X @ W.T + b)
        m = (1 + mask) * a
        e = m @ v - T
        dy = slip("mean of the samples forgotten @ J", 2 / 3, 2.0) * e
        gv = slip("activations before the skip for the output's weights @ y*>v*", m, a).T @ dy
        dm = np.outer(dy, v)
        da = dm * slip("skip forgotten on the way back @ m*", 1 + mask, mask)
        dz = da * slip("slope at the unsquared activation @ a*", 1 - a**2, 1 - a)
        gW = slip("samples one further @ z*>W*", dz.T @ X, dz.T @ np.roll(X, -1, 0))
        gb = slip("bias of the last sample alone @ z*>b*", dz.sum(0), dz[-1])
        gW = slip("weights' gradient transposed @ z*>W*", gW, gW.T)
        return gW.tolist(), gb.tolist(), gv.tolist()

    return f, gradient


@derivation([0.8, 1.2, 0.5])
def triangle_by_two_sides_and_their_angle() -> Any:
    def f(p: Any) -> Any:
        a, b, g = n("a", p[0]), n("b", p[1]), n("g", p[2])
        ab = n("ab", a * b)
        cg, sg = n("cg", cos(g)), n("sg", sin(g))
        aa, bb = n("aa", a * a), n("bb", b * b)
        c2 = n("c2", n("sq", aa + bb) - n("mix", 2.0 * n("abc", ab * cg)))
        c = n("c", sqrt(c2))
        area = n("area", 0.5 * n("abs", ab * sg))
        return n("ratio", area / n("per", n("ab2", a + b) + c))

    def gradient(slip: Slip, p: Any) -> Any:
        a, b, g = p
        c = math.sqrt(a * a + b * b - 2 * a * b * math.cos(g))
        area, per = 0.5 * a * b * math.sin(g), a + b + c
        darea = 1 / per
        dper = slip("quotient's minus lost @ ratio>per", -area / per**2, area / per**2)
        dc2 = dper * slip("root's half lost @ c", 0.5 / c, 1 / c)
        dab = darea * slip("area's half lost @ area", 0.5, 1.0) * math.sin(g)
        dab += dc2 * slip("mixed term's two lost @ mix", -2.0, -1.0) * math.cos(g)
        ga = dab * slip("own side for the other @ ab>a", b, a) + dper + 2 * a * dc2
        gb = dab * a + slip("side's own place in the perimeter forgotten @ ab2>b", dper, 0.0) + 2 * b * dc2
        gg = darea * 0.5 * a * b * slip("sine's slope with a minus @ sg", math.cos(g), -math.cos(g))
        gg += dc2 * 2 * a * b * slip("cosine's slope without its minus @ cg", math.sin(g), -math.sin(g))
        return [ga, gb, gg]

    return f, gradient


@derivation([0.5, -1.0, 0.8, 0.3], 0.7)
def moving_average_with_forgetting() -> Any:
    def f(x: Any, lam: Any) -> Any:
        x = [n(f"x{i}", each) for i, each in enumerate(x)]
        lam = n("lam", lam)
        one = n("one", 1.0 - lam)
        m, cost = 0.2, 0.0
        for i, each in enumerate(x):
            e = n(f"e{i}", each - m)
            cost = cost + n(f"c{i}", e * e)
            m = n(f"m{i}", n(f"old{i}", lam * m) + n(f"new{i}", one * each))
        return n("J", cost + n("last", 0.5 * n("mm", m * m)))

    def gradient(slip: Slip, x: Any, lam: Any) -> Any:
        m = [0.2]
        for each in x:
            m.append(lam * m[-1] + (1 - lam) * each)
        dm = slip("last average's share of the cost forgotten @ last|mm", m[4], 0.0)
        gx, glam, old_share = [0.0] * 4, 0.0, 0.0
        for i in (3, 2, 1, 0):
            e = x[i] - m[i]
            gx[i] = slip("square's two lost in the error @ c*", 2 * e, e)
            gx[i] += slip("weight of the old for that of the new @ new*>x*", 1 - lam, lam) * dm
            old_share += dm * slip("average after the step for the one before @ old*>lam", m[i], m[i + 1])
            glam -= slip("new share's minus lost @ one", x[i], -x[i]) * dm
            old = slip("error's pull on the average forgotten @ e?>m?", -2 * e, 0.0)
            dm = slip("forgetting factor left out between the steps @ old?>m?", lam, 1.0) * dm + old
        return gx, float(old_share + slip("forgetting counted by the old share alone @ one|new*>one", glam, 0.0))

    return f, gradient


@derivation([0.3, 0.9], [1.1, -0.5, 0.4])
def mixture_of_two_bells() -> Any:
    def f(mu: Any, x: Any) -> Any:
        mu = [n(f"mu{k}", each) for k, each in enumerate(mu)]
        x = [n(f"x{i}", each) for i, each in enumerate(x)]
        logs = []
        for i in range(3):
            d = [n(f"d{i}{k}", x[i] - mu[k]) for k in range(2)]
            s = [n(f"s{i}{k}", d[k] * d[k]) for k in range(2)]
            g = [n(f"g{i}{k}", exp(n(f"h{i}{k}", -0.5 * s[k]))) for k in range(2)]
            w = n(f"w{i}", dot([0.3, 0.7], g))
            logs.append(n(f"l{i}", log(w)))
        return n("ll", sum(logs))

    def gradient(slip: Slip, mu: Any, x: Any) -> Any:
        mu, x = A(mu), A(x)
        d = x[:, None] - mu
        g = np.exp(-0.5 * d**2)
        weights = slip("weights of the parts exchanged @ w*", A([0.3, 0.7]), A([0.7, 0.3]))
        w = g @ A([0.3, 0.7])
        share = weights * g / slip("not divided by the mixture @ l*", w, np.ones(3))[:, None]
        share = slip("part's bell lost @ g*", share, weights * np.ones_like(g) / w[:, None])
        dd = -share * slip("distance squared once more @ s*", d, d * np.abs(d))
        gx = dd.sum(1)
        gmu = slip("minus of the centre lost @ d*>mu*", -dd.sum(0), dd.sum(0))
        gx = slip("only the nearer part counted @ w*", gx, np.where(g[:, 0] > g[:, 1], dd[:, 0], dd[:, 1]))
        gx = slip("mean over the points @ ll", gx, gx / 3)
        return gmu.tolist(), gx.tolist()

    return f, gradient


@derivation(0.6, 1.7, [0.3, 0.8])
def projection_with_lens_distortion() -> Any:
    def f(k: Any, fo: Any, p: Any) -> Any:
        k, fo = n("k", k), n("f", fo)
        x, y = n("x", p[0]), n("y", p[1])
        z = 2.5
        u, v = n("u", x / z), n("v", y / z)
        r = n("r", n("uu", u * u) + n("vv", v * v))
        D = n("D", 1.0 + n("kr", k * r))
        ud, vd = n("ud", u * D), n("vd", v * D)
        px, py = n("px", fo * ud), n("py", fo * vd)
        return n("J", n("ex", px - 0.3) ** 2 + n("ey", py - 0.4) ** 2)

    def gradient(slip: Slip, k: Any, fo: Any, p: Any) -> Any:
        x, y = p
        z = 2.5
        u, v = x / z, y / z
        r = u * u + v * v
        D = 1 + k * r
        dpx, dpy = 2 * (fo * u * D - 0.3), 2 * (fo * v * D - 0.4)
        gf = dpx * u * slip("undistorted point in the focal length's slope @ px>f", D, 1.0) + dpy * v * D
        dud, dvd = fo * dpx, fo * dpy
        dD = dud * u + slip("height's part of the distortion forgotten @ vd>D", dvd * v, 0.0)
        gk = dD * slip("radius for its square @ kr>k", r, math.sqrt(r))
        dr = dD * slip("distortion's coefficient lost @ kr>r", k, 1.0)
        du = dud * slip("distortion forgotten in front of the point @ ud>u", D, 1.0) + dr * 2 * u
        dv = dvd * D + dr * slip("square's two lost @ vv", 2 * v, v)
        gx = du / slip("depth forgotten @ u", z, 1.0)
        gy = slip("width's derivative for the height's @ v>y", dv, du) / z
        return float(gk), float(gf), [gx, gy]

    return f, gradient


@derivation([0.7, 0.2], 0.4, 1.5)
def exponential_smoothing_of_a_payoff() -> Any:
    def f(p: Any, sig: Any, s0: Any) -> Any:
        mu, rho = n("mu", p[0]), n("rho", p[1])
        sig, s0 = n("sig", sig), n("s0", s0)
        Z = [0.4, -0.9, 1.3]
        pays = []
        for i, z in enumerate(Z):
            half = n(f"half{i}", 0.5 * n(f"sig2{i}", sig * sig))
            drift = n(f"drift{i}", mu - half)
            gro = n(f"gro{i}", exp(n(f"ex{i}", drift + n(f"sz{i}", z * sig))))
            s = n(f"s{i + 1}", s0 * gro)
            pays.append(n(f"pay{i}", relu(n(f"in{i}", s - 2.1))))
        mean = n("mean", n("sum", sum(pays)) / 3.0)
        return n("price", n("disc", exp(n("mr", -rho))) * mean)

    def gradient(slip: Slip, p: Any, sig: Any, s0: Any) -> Any:
        mu, rho = p
        Z = A([0.4, -0.9, 1.3])
        gro = np.exp(mu - 0.5 * sig**2 + sig * Z)
        s = s0 * gro
        pay = np.maximum(s - 2.1, 0)
        disc = math.exp(-rho)
        on = slip("all paths taken to pay @ pay*", (s > 2.1) * 1.0, np.ones(3))
        ds = slip("discount forgotten @ price>mean", disc, 1.0) * slip("sum for mean @ mean", 1 / 3, 1.0) * on
        gs0 = np.sum(ds * slip("price at the end for its growth @ s?>s0", gro, s))
        dex = ds * s
        gmu = np.sum(dex)
        gsig = np.sum(dex * (Z - slip("two and half of the drift lost but one @ half*|sig2*", sig, 0.5 * sig)))
        gsig = slip("drift's part of the volatility forgotten @ drift*", gsig, np.sum(dex * Z))
        grho = -disc * pay.mean()
        return [gmu, slip("discount's minus lost @ mr", grho, -grho)], float(gsig), float(gs0)

    return f, gradient


@derivation([0.5, 0.8, -0.3, 0.6])
def relative_angle_of_two_arrows() -> Any:
    def f(p: Any) -> Any:
        a, b, c, d = (n(name, each) for name, each in zip("abcd", p, strict=True))
        ip = n("ip", n("ac", a * c) + n("bd", b * d))
        cr = n("cr", n("ad", a * d) - n("bc", b * c))
        t = n("t", cr / ip)
        w = n("w", atan(t))
        na = n("na", n("a2", a * a) + n("b2", b * b))
        return n("J", w * w + n("reg", 0.1 * n("ln", log(na))))

    def gradient(slip: Slip, p: Any) -> Any:
        a, b, c, d = p
        ip, cr = a * c + b * d, a * d - b * c
        t = cr / ip
        w = math.atan(t)
        dw = 2 * w
        dt = dw * slip("arc tangent's slope without its square @ w", 1 / (1 + t * t), 1 / (1 + t))
        dcr = dt / ip
        dip = -dt * slip("quotient's value lost @ t>ip", t, 1.0) / ip
        dna = 0.1 * slip("logarithm's slope lost @ ln", 1 / (a * a + b * b), 1.0)
        ga = dip * c + dcr * d + dna * slip("square's two lost @ a2", 2 * a, a)
        gb = dip * d + slip("cross product's minus lost @ cr>bc|bc>b", -dcr * c, dcr * c) + dna * 2 * b
        gc = dip * slip("other component @ ac>c", a, b) - dcr * b
        gd = slip("inner product's part forgotten @ bd>d", dip * b, 0.0) + dcr * a
        return [ga, gb, gc, gd]

    return f, gradient


@derivation([1.2, 0.4, 0.9], 0.3)
def logit_choice_with_income() -> Any:
    cost = A([0.5, 1.0, 0.2])

    def f(u: Any, beta: Any) -> Any:
        u = [n(f"u{i}", each) for i, each in enumerate(u)]
        beta = n("beta", beta)
        v = [n(f"v{i}", u[i] - n(f"bc{i}", beta * float(cost[i]))) for i in range(3)]
        e = [n(f"e{i}", exp(each)) for i, each in enumerate(v)]
        Z = n("Z", dot([1.0, 1.0, 1.0], e))
        lz = n("lz", log(Z))
        chosen = n("chosen", v[1] - lz)
        surplus = n("surplus", lz / beta)
        return n("J", n("minus", -chosen) + n("half", 0.5 * surplus))

    def gradient(slip: Slip, u: Any, beta: Any) -> Any:
        v = A(u) - beta * cost
        e = np.exp(v)
        Z = e.sum()
        p = slip("weights not normalised @ lz", e / Z, e)
        dlz = 1.0 + slip("surplus' half lost @ half", 0.5, 1.0) / slip("income's effect lost @ surplus>lz", beta, 1.0)
        dv = dlz * p
        dv = dv - A([0.0, 1.0, 0.0])
        dv = slip("chosen one not subtracted @ chosen>v1", dv, dlz * p)
        gb = -dv @ slip("costs one place further @ v*>bc*|bc*", cost, np.roll(cost, 1))
        own = 0.5 * math.log(Z) / beta**2
        gb -= slip("income under the surplus forgotten @ surplus>beta", own, 0.0)
        gb = slip("income under the surplus not squared @ surplus>beta", gb, gb + own - own * beta)
        return slip("costs' minus carried into the utilities @ v*>u*", dv, -dv).tolist(), float(gb)

    return f, gradient


@derivation([0.6, -0.8], [0.3, 0.5], 0.2)
def recurrent_cell_with_layer_norm() -> Any:
    X = [0.7, -0.4, 0.9]

    def f(w: Any, r: Any, b: Any) -> Any:
        w = [n(f"w{j}", each) for j, each in enumerate(w)]
        r = [n(f"r{j}", each) for j, each in enumerate(r)]
        b = n("b", b)
        h = [0.1, -0.2]
        for t, x in enumerate(X):
            z = [n(f"z{t}{j}", n(f"in{t}{j}", w[j] * x) + n(f"re{t}{j}", r[j] * h[j])) for j in range(2)]
            m = n(f"m{t}", n(f"sum{t}", z[0] + z[1]) / 2.0)
            c = [n(f"c{t}{j}", z[j] - m) for j in range(2)]
            h = [n(f"h{t}{j}", tanh(n(f"g{t}{j}", c[j] + b))) for j in range(2)]
        return n("J", n("q", h[0] * h[1]) + n("k", h[0] * h[0]))

    def gradient(slip: Slip, w: Any, r: Any, b: Any) -> Any:
        w, r = A(w), A(r)
        hs = [A([0.1, -0.2])]
        for x in X:
            z = w * x + r * hs[-1]
            hs.append(np.tanh(z - z.mean() + b))
        last = hs[-1]
        dh = A([last[1] + slip("square's two lost @ k", 2 * last[0], last[0]), last[0]])
        gw, gr, gb = np.zeros(2), np.zeros(2), 0.0
        for t in (2, 1, 0):
            h, before = hs[t + 1], hs[t]
            dg = dh * slip("slope at the state before @ h*", 1 - h**2, 1 - before**2)
            gb += slip("bias of the first unit alone @ g*>b", dg.sum(), dg[0])
            dz = dg - slip("mean not differentiated @ c*>m*", dg.mean(), 0.0)
            dz = slip("sum for the mean on the way back @ m*", dz, dg - dg.sum())
            gw += dz * slip("input forgotten @ in*", X[t], 1.0)
            gr += dz * slip("state after for the one before @ re*>r*", before, h)
            dh = dz * slip("input's weight for the recurrent one @ re*>h*", r, w)
        return gw.tolist(), gr.tolist(), float(gb)

    return f, gradient


@derivation([2.0, 0.5], 1.4, 0.3)
def stagnation_heating_in_a_nozzle() -> Any:
    def f(p: Any, gam: Any, M: Any) -> Any:
        T, q = n("T", p[0]), n("q", p[1])
        gam, M = n("gam", gam), n("M", M)
        g1 = n("g1", gam - 1.0)
        M2 = n("M2", M * M)
        F = n("F", 1.0 + n("half", 0.5 * n("gM", g1 * M2)))
        T0 = n("T0", T * F)
        ex = n("ex", gam / g1)
        pr = n("pr", F**ex)
        return n("J", n("lp", log(pr)) + n("heat", q * n("rt", sqrt(T0))))

    def gradient(slip: Slip, p: Any, gam: Any, M: Any) -> Any:
        T, q = p
        g1, M2 = gam - 1, M * M
        F = 1 + 0.5 * g1 * M2
        T0, ex = T * F, gam / (gam - 1)
        dT0 = q * slip("root's half lost @ rt", 0.5, 1.0) / math.sqrt(T0)
        gT = dT0 * slip("stagnation factor lost @ T0>T", F, 1.0)
        dF = dT0 * T + slip("exponent lost in the pressure's slope @ pr>F", ex, 1.0) / F
        dex = math.log(F)
        dgM = 0.5 * dF
        dg1 = dgM * M2 - slip("exponent's denominator forgotten @ ex>g1", dex * gam / g1**2, 0.0)
        ggam = dg1 + slip("exponent's numerator forgotten @ ex>gam", dex / g1, 0.0)
        gM = dgM * slip("factor of the heats lost @ gM>M2", g1, 1.0) * slip("square's two lost @ M2", 2 * M, M)
        return [gT, slip("root of the static temperature @ heat>q", math.sqrt(T0), math.sqrt(T))], ggam, gM

    return f, gradient


@derivation([0.2, 0.7, -0.4], [0.5, -0.3, 0.6])
def ranking_by_pairs() -> Any:
    order = [(0, 1), (2, 1), (0, 2)]

    def f(w: Any, x: Any) -> Any:
        w = [n(f"w{i}", each) for i, each in enumerate(w)]
        x = [n(f"x{i}", each) for i, each in enumerate(x)]
        s = [n(f"s{i}", w[i] * x[i]) for i in range(3)]
        costs = []
        for k, (i, j) in enumerate(order):
            d = n(f"d{k}", s[i] - s[j])
            costs.append(n(f"l{k}", log1p(n(f"e{k}", exp(n(f"neg{k}", -d))))))
        mean = n("mean", n("sum", sum(costs)) / 3.0)
        return n("J", mean + n("pen", 0.05 * n("ww", dot(w, w))))

    def gradient(slip: Slip, w: Any, x: Any) -> Any:
        w, x = A(w), A(x)
        s = w * x
        ds = np.zeros(3)
        for i, j in order:
            d = s[i] - s[j]
            e = math.exp(-d)
            g = -e / slip("one under the fraction lost @ l*", 1 + e, e)
            g = slip("exponential lost in the numerator @ e*", g, -1 / (1 + e))
            g = slip("minus of the difference lost @ neg*", g, -g)
            ds[i] += g / slip("mean over the pairs forgotten @ mean", 3, 1)
            ds[j] -= slip("loser's share forgotten @ d?>s1|d?>s2", g / 3, 0.0)
        gw = ds * slip("weights for features @ s*>w*", x, w) + slip("penalty's two lost @ ww", 0.1, 0.05) * w
        gx = ds * slip("features in reverse order @ s*>x*", w, w[::-1])
        return gw.tolist(), gx.tolist()

    return f, gradient
