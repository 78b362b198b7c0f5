"""Gradients derived by hand that `viz.explain` was not written by: 49 functions of many fields, with 400 slips.

In the form of `benchmarks.spoiled`, by somebody who had not seen what `viz.explain` looks for.  `FIRST_RUN` is what it
found then; afterwards it was learned from them what is missing in general: a step that is wrong on the way to one
argument alone, the first or the last of several steps, what belongs to the next row or to the operand beside.
"""

# Helpers inside of a case are lambdas, which have no types.
# mypy: allow-untyped-calls
# ruff: noqa: D103, E741, E731 - each function is a case, which its name says; written as on paper

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import asin, atan2, cos, dot, erf, exp, log, log10, relu, sigmoid, sin, softplus, sqrt, tanh, where
from benchmarks.spoiled import Derivation, Slip, n, registering

A = np.asarray
DERIVATIONS: list[Derivation] = []
derivation = registering(DERIVATIONS)
FIRST_RUN = {"all": 393, "first": 324, "first three": 325, "misleading": 12, "nothing": 57}


# ---------------------------------------------------------------- statistics and losses


@derivation(0.8, -0.3)
def gaussian_likelihood_of_log_variance() -> Any:
    y = [1.2, 0.4, 2.1, -0.3, 1.0]

    def f(mu: Any, lv: Any) -> Any:
        mu, lv = n("mu", mu), n("lv", lv)
        r = [n(f"r{i}", v - mu) for i, v in enumerate(y)]
        sq = [n(f"sq{i}", e * e) for i, e in enumerate(r)]
        ss = n("ss", sum(sq))
        var = n("var", exp(lv))
        q = n("q", ss / var)
        fit = n("fit", 0.5 * q)
        size = n("size", 0.5 * len(y) * lv)
        return n("nll", fit + size)

    def gradient(slip: Slip, mu: Any, lv: Any) -> Any:
        r = A(y) - mu
        ss, var = np.sum(r**2), math.exp(lv)
        dss = slip("divided by the deviation, not by the variance @ q>ss", 0.5 / var, 0.5 / math.sqrt(var))
        gmu = slip("minus of y - mu lost @ r*>mu", -2 * np.sum(r) * dss, 2 * np.sum(r) * dss)
        gmu = slip("mean residual where the sum belongs @ ss|sq*|r*", gmu, gmu / len(y))
        dvar = slip("minus of the quotient lost @ q>var", -0.5 * ss / var**2, 0.5 * ss / var**2)
        dlv = slip("derivative by the variance taken for the one by its logarithm @ var", dvar * var, dvar)
        dlv += slip("only one observation in the normaliser @ size", 0.5 * len(y), 0.5)
        return float(gmu), float(dlv)

    return f, gradient


@derivation([0.4, -0.7, 0.25], [1.5, 0.8])
def logistic_regression_with_ridge() -> Any:
    X = A([[1.0, 0.5, -1.2], [0.3, -0.8, 0.9], [-1.1, 1.4, 0.2], [0.6, 0.1, 1.7]])
    y = [1.0, 0.0, 1.0, 0.0]

    def f(w: Any, hyper: Any) -> Any:
        b, lam = hyper
        b, lam = n("b", b), n("lam", lam)
        w = [n(f"w{j}", v) for j, v in enumerate(w)]
        losses = []
        for i in range(4):
            z = n(f"z{i}", dot(w, X[i].tolist(), b))
            p = n(f"p{i}", sigmoid(z))
            lp = n(f"logp{i}", log(p))
            q = n(f"q{i}", 1.0 - p)
            lq = n(f"logq{i}", log(q))
            losses.append(n(f"l{i}", -y[i] * lp - (1.0 - y[i]) * lq))
        mean = n("mean", sum(losses) / 4.0)
        norm = n("norm", dot(w, w))
        ridge = n("ridge", lam * norm)
        half = n("half", 0.5 * ridge)
        return n("loss", mean + half)

    def gradient(slip: Slip, w: Any, hyper: Any) -> Any:
        w, (b, lam) = A(w), hyper
        p = 1 / (1 + np.exp(-(X @ w + b)))
        d = slip("sigmoid's slope multiplied in once more after it had cancelled @ p*", p - y, (p - y) * p * (1 - p))
        d = slip("labels and predictions swapped @ l?|p?", d, -d)
        dm = slip("summed over the batch, not averaged @ mean", d / 4, d)
        gw = X.T @ dm
        gw = gw + slip("ridge's half forgotten, its two kept @ half|norm", lam * w, 2 * lam * w)
        gb = np.sum(dm) + slip("intercept penalised as well @ -", 0.0, lam * b)
        glam = slip("square root of the norm @ ridge>lam", 0.5 * w @ w, 0.5 * math.sqrt(w @ w))
        return gw.tolist(), [float(gb), float(glam)]

    return f, gradient


@derivation([0.3, -0.5], 0.2)
def poisson_regression_with_exposure() -> Any:
    X = A([[0.5, 1.0], [-0.4, 0.3], [1.2, -0.7]])
    k, t = A([2.0, 0.0, 3.0]), A([1.5, 0.7, 2.2])

    def f(w: Any, b: Any) -> Any:
        w = [n("w0", w[0]), n("w1", w[1])]
        b = n("b", b)
        parts = []
        for i in range(3):
            eta = n(f"eta{i}", dot(w, X[i].tolist(), b))
            rate = n(f"rate{i}", exp(eta))
            mu = n(f"mu{i}", float(t[i]) * rate)
            lm = n(f"lm{i}", log(mu))
            hit = n(f"hit{i}", float(k[i]) * lm)
            parts.append(n(f"nll{i}", mu - hit))
        return n("loss", sum(parts))

    def gradient(slip: Slip, w: Any, b: Any) -> Any:
        w = A(w)
        rate = np.exp(X @ w + b)
        mu = t * rate
        d = slip("exposure missing in the expected count @ mu*", mu - k, rate - k)
        d = slip("count divided by the mean once too often @ lm*|hit*", d, mu - k / mu)
        d = slip("the log-likelihood's gradient, not its negative's @ loss|nll*", d, k - mu)
        gw = slip("features of the neighbouring row @ eta*>w*", X.T @ d, np.roll(X, 1, axis=0).T @ d)
        gb = slip("intercept's gradient averaged @ eta*>b", np.sum(d), np.mean(d))
        return gw.tolist(), float(gb)

    return f, gradient


@derivation([0.3, 1.1, -0.6, 0.2])
def softmax_cross_entropy_smoothed() -> Any:
    eps, c = 0.1, 2

    def f(z: Any) -> Any:
        z = [n(f"z{i}", v) for i, v in enumerate(z)]
        e = [n(f"e{i}", exp(v)) for i, v in enumerate(z)]
        s = n("s", dot([1.0] * 4, e))
        p = [n(f"p{i}", v / s) for i, v in enumerate(e)]
        lp = [n(f"lp{i}", log(v)) for i, v in enumerate(p)]
        t = [eps / 4 + (1 - eps) * (i == c) for i in range(4)]
        inner = n("inner", dot(t, lp))
        return n("loss", -inner)

    def gradient(slip: Slip, z: Any) -> Any:
        e = np.exp(A(z))
        p = e / e.sum()
        one = np.eye(4)[c]
        t = (1 - eps) * one + slip("smoothing not divided by the number of classes @ inner", eps / 4, eps)
        dp = -t / p
        s = e.sum()
        de = dp / s
        ds = slip("normaliser taken as a constant @ p*>s", -np.sum(dp * e) / s**2, 0.0)
        ds = slip("only the target's class moves the normaliser @ p0>s|p1>s|p3>s", ds, -dp[c] * e[c] / s**2)
        ds = slip("normaliser to the first power @ p*>s", ds, -np.sum(dp * e) / s)
        de = slip(
            "normaliser's share not handed on to the class's own exponential @ s>e0",
            de + ds,
            de + ds * A([0.0, 1, 1, 1]),
        )
        gz = slip("exponential's slope missing @ e*", de * e, de)
        gz = slip("target subtracted once more at the end @ -", gz, gz - t)
        return gz.tolist()

    return f, gradient


@derivation([0.5, 1.4, -0.8, 2.0], 0.7)
def huber_loss_with_scale() -> Any:
    y = A([0.2, 2.9, -0.5, -1.0])

    def f(m: Any, d: Any) -> Any:
        d = n("delta", d)
        m = [n(f"m{i}", v) for i, v in enumerate(m)]
        out = []
        for i in range(4):
            r = n(f"r{i}", m[i] - float(y[i]))
            a = n(f"a{i}", abs(r))
            sq = n(f"sq{i}", r * r)
            quad = n(f"quad{i}", 0.5 * sq)
            hd = n(f"hd{i}", 0.5 * d)
            low = n(f"low{i}", a - hd)
            lin = n(f"lin{i}", d * low)
            out.append(n(f"h{i}", where(a < d, quad, lin)))
        return n("loss", sum(out))

    def gradient(slip: Slip, m: Any, d: Any) -> Any:
        r = A(m) - y
        inside = np.abs(r) < d
        g: Any = np.where(
            inside,
            slip("half kept, two lost @ sq0|sq2|quad0|quad2", r, 0.5 * r),
            slip("sign of the residual forgotten in the tails @ a*", d * np.sign(r), d),
        )
        g = np.where(inside, g, slip("slope one in the tails @ lin*>low*|low*>a*|a*", g, np.sign(r)))
        tails = np.abs(r) - d
        tails = slip("only the factor of the product differentiated @ low*>hd*|hd*", tails, np.abs(r) - 0.5 * d)
        tails = slip("the factor in front held fixed @ lin*>delta", tails, -0.5 * d + 0 * r)
        gd = np.sum(tails[~inside])
        gd = slip(
            "quadratic branch counted in the scale, too @ h0|h2|lin0>delta|lin2>delta|low0>hd0|low2>hd2",
            gd,
            np.sum(tails),
        )
        return g.tolist(), float(gd)

    return f, gradient


@derivation([0.2, 0.9, -0.4, 1.3, 0.5])
def sample_skewness() -> Any:
    def f(x: Any) -> Any:
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        mean = n("mean", dot([0.2] * 5, x))
        c = [n(f"c{i}", v - mean) for i, v in enumerate(x)]
        sq = [n(f"sq{i}", v**2) for i, v in enumerate(c)]
        cu = [n(f"cu{i}", v**3) for i, v in enumerate(c)]
        m2 = n("m2", dot([0.2] * 5, sq))
        m3 = n("m3", dot([0.2] * 5, cu))
        s3 = n("s3", m2**1.5)
        return n("skew", m3 / s3)

    def gradient(slip: Slip, x: Any) -> Any:
        x = A(x)
        c = x - x.mean()
        m2, m3 = np.mean(c**2), np.mean(c**3)
        d3 = 1 / m2**1.5
        d2 = slip("exponent not lowered @ s3", -1.5 * m3 / m2**2.5, -1.5 * m3 / m2**1.5)
        d2 = slip("three halves lost @ s3", d2, -m3 / m2**2.5)
        a = slip("cube's slope 3c instead of 3c^2 @ cu*", 3 * c**2, 3 * c)
        dc = d3 * a / 5 + slip("unbiased weights in the second moment @ m2", d2 * 2 * c / 5, d2 * 2 * c / 4)
        dmean = slip("mean held fixed @ c*>mean", -dc.sum(), 0.0)
        dmean = slip("mean's gradient with the wrong sign @ c*>mean", dmean, -dmean)
        gx = dc + slip("mean's gradient given whole to each sample @ mean", dmean / 5, dmean)
        return gx.tolist()

    return f, gradient


@derivation([0.3, -1.0, 0.8], [1.2, 0.1, 0.5])
def cosine_embedding_distance() -> Any:
    def f(u: Any, v: Any) -> Any:
        u = [n(f"u{i}", a) for i, a in enumerate(u)]
        v = [n(f"v{i}", a) for i, a in enumerate(v)]
        uv = n("uv", dot(u, v))
        uu = n("uu", dot(u, u))
        vv = n("vv", dot(v, v))
        nu = n("nu", sqrt(uu))
        nv = n("nv", sqrt(vv))
        den = n("den", nu * nv)
        c = n("c", uv / den)
        return n("dist", 1.0 - c)

    def gradient(slip: Slip, u: Any, v: Any) -> Any:
        u, v = A(u), A(v)
        nu, nv = np.linalg.norm(u), np.linalg.norm(v)
        den = nu * nv
        c = u @ v / den
        duv = -1 / den
        dden = slip("sign of the denominator's slope @ c>den", c / den, -c / den)
        dden = slip("numerator forgotten in the quotient rule @ c>den", dden, 1 / den**2)
        dnu = slip("own norm in place of the other's @ den>nu", dden * nv, dden * nu)
        gu = duv * v + slip("norm's gradient not divided by the norm @ nu", dnu * u / nu, dnu * u)
        dnv = slip("second vector taken as of unit length @ den>nv", dden * nu, 0.0)
        gv = slip("its own components where the other's belong @ uv>v*", duv * u, duv * v) + dnv * v / nv
        return gu.tolist(), gv.tolist()

    return f, gradient


@derivation([0.6, -0.4], [0.1, -0.5])
def elbo_of_a_gaussian_autoencoder() -> Any:
    noise, target = A([0.7, -1.1]), 0.9

    def f(mu: Any, lv: Any) -> Any:
        mu = [n(f"mu{i}", v) for i, v in enumerate(mu)]
        lv = [n(f"lv{i}", v) for i, v in enumerate(lv)]
        hl = [n(f"hl{i}", 0.5 * v) for i, v in enumerate(lv)]
        sd = [n(f"sd{i}", exp(v)) for i, v in enumerate(hl)]
        z = [n(f"z{i}", mu[i] + n(f"step{i}", sd[i] * float(noise[i]))) for i in range(2)]
        out = n("out", dot([1.3, -0.6], z))
        res = n("res", out - target)
        rec = n("rec", res * res)
        kl = []
        for i in range(2):
            m2 = n(f"msq{i}", mu[i] ** 2)
            var = n(f"var{i}", exp(lv[i]))
            a = n(f"a{i}", m2 + var)
            b = n(f"b{i}", a - lv[i])
            kl.append(n(f"kl{i}", 0.5 * (b - 1.0)))
        return n("loss", rec + n("klsum", kl[0] + kl[1]))

    def gradient(slip: Slip, mu: Any, lv: Any) -> Any:
        mu, lv = A(mu), A(lv)
        w = A([1.3, -0.6])
        sd = np.exp(0.5 * lv)
        z = mu + sd * noise
        r = w @ z - target
        r = slip("reconstruction taken at the mean, without the noise @ rec", r, w @ mu - target)
        dz = 2 * r * w
        gmu = dz + slip("divergence's half forgotten @ kl?|msq?", mu, 2 * mu)
        dl = slip(
            "half of the log variance lost in the reparametrisation @ hl*", 0.5 * dz * noise * sd, dz * noise * sd
        )
        dl = slip("deviation's slope taken as one @ sd*", dl, 0.5 * dz * noise)
        dl = slip("noise forgotten @ step*", dl, 0.5 * dz * sd)
        dl = dl + 0.5 * (
            slip("deviation for the variance in the divergence @ var*", np.exp(lv), sd)
            - slip("constant dropped with the -1 @ b*>lv*", 1.0, 0.0)
        )
        return gmu.tolist(), dl.tolist()

    return f, gradient


# ---------------------------------------------------------------- layers


@derivation([[0.5, -0.3], [0.8, 0.1], [-0.6, 0.9]], [0.7, -1.1], 0.4)
def two_layer_tanh_network() -> Any:
    x0, y = [0.9, -1.4], 0.3

    def f(W: Any, v: Any, b: Any) -> Any:
        b = n("b", b)
        W = [[n(f"W{i}{j}", W[i][j]) for j in range(2)] for i in range(3)]
        v = [n(f"v{i}", a) for i, a in enumerate(v)]
        z = [n(f"z{i}", dot(W[i], x0, b)) for i in range(3)]
        h = [n(f"h{i}", tanh(a)) for i, a in enumerate(z)]
        s = n("s", dot(v, h[:2]))
        o = n("o", s + h[2])
        e = n("e", o - y)
        sq = n("sq", e * e)
        return n("loss", 0.5 * sq)

    def gradient(slip: Slip, W: Any, v: Any, b: Any) -> Any:
        W, v, x = A(W), A(v), A(x0)
        z = W @ x + b
        h = np.tanh(z)
        o = v @ h[:2] + h[2]
        e = slip("square's two without the half @ sq|loss", o - y, 2 * (o - y))
        gv = slip("pre-activations in place of activations @ s>v*", e * h[:2], e * z[:2])
        dh = e * A([v[0], v[1], slip("skip unit forgotten @ o>h2", 1.0, 0.0)])
        slope = slip("1 - tanh for 1 - tanh^2 @ h*", 1 - h**2, 1 - h)
        slope = slip("slope taken at the activation again: 1 - tanh(h)^2 @ h*", slope, 1 - np.tanh(h) ** 2)
        dz = dh * slope
        gW = np.outer(dz, slip("inputs in reversed order @ z*>W*", x, x[::-1]))
        gb = slip("shared bias takes only the last unit's delta @ z0>b|z1>b", dz.sum(), dz[2])
        return gW.tolist(), gv.tolist(), float(gb)

    return f, gradient


@derivation([0.4, -0.9, 1.3, 0.2], [1.1, 0.7, 0.9, 1.4], 0.1)
def layer_normalisation_of_a_row() -> Any:
    t = A([0.3, -0.2, 0.9, 0.5])

    def f(x: Any, g: Any, b: Any) -> Any:
        b = n("b", b)
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        g = [n(f"g{i}", v) for i, v in enumerate(g)]
        mu = n("mu", dot([0.25] * 4, x))
        c = [n(f"c{i}", v - mu) for i, v in enumerate(x)]
        var = n("var", 0.25 * n("css", dot(c, c)))
        sd = n("sd", sqrt(var + 1e-2))
        h = [n(f"h{i}", v / sd) for i, v in enumerate(c)]
        s = [n(f"s{i}", g[i] * h[i]) for i in range(4)]
        y = [n(f"y{i}", s[i] + b) for i in range(4)]
        return n("out", dot(t.tolist(), y))

    def gradient(slip: Slip, x: Any, g: Any, b: Any) -> Any:
        x, g = A(x), A(g)
        c = x - x.mean()
        var = np.mean(c**2)
        sd = math.sqrt(var + 1e-2)
        h = c / sd
        dg = slip("centred, not normalised, values in the gain's gradient @ s*>g*", t * h, t * c)
        db = slip("bias averaged over the row @ y*>b", t.sum(), t.mean())
        dh = slip("gain forgotten on the way down @ s*>h*", t * g, t)
        dsd = -np.sum(dh * c) / sd**2
        dsd = slip("deviation squared once too little @ h*>sd", dsd, -np.sum(dh * c) / sd)
        dvar = slip("root's half lost @ sd", dsd / (2 * sd), dsd / sd)
        dvar = slip("variance held fixed @ sd|h*>sd", dvar, 0.0)
        dc = dh / sd + slip("one over the width lost in the variance @ var", dvar * 2 * c / 4, dvar * 2 * c)
        gx = dc - slip("mean held fixed @ c*>mu|mu", dc.mean(), 0.0)
        return gx.tolist(), dg.tolist(), float(db)

    return f, gradient


@derivation([[0.4, -0.9, 1.3], [0.2, 0.8, -0.5]], [1.2, 0.6])
def batch_normalisation_over_three_rows() -> Any:
    t = A([[0.5, -1.0, 0.7], [0.1, 0.9, -0.4]])

    def f(x: Any, gain: Any) -> Any:
        out = []
        for k in range(2):
            g = n(f"g{k}", gain[k])
            xs = [n(f"x{k}{i}", v) for i, v in enumerate(x[k])]
            m = n(f"m{k}", dot([1 / 3] * 3, xs))
            c = [n(f"c{k}{i}", v - m) for i, v in enumerate(xs)]
            ss = n(f"ss{k}", dot(c, c))
            var = n(f"var{k}", ss / 3.0)
            sd = n(f"sd{k}", sqrt(var))
            h = [n(f"h{k}{i}", v / sd) for i, v in enumerate(c)]
            a = [n(f"a{k}{i}", tanh(n(f"u{k}{i}", g * v))) for i, v in enumerate(h)]
            out.append(n(f"o{k}", dot(t[k].tolist(), a)))
        return n("loss", out[0] + out[1])

    def gradient(slip: Slip, x: Any, gain: Any) -> Any:
        gx, gg = [], []
        for k in range(2):
            xs, g = A(x[k]), gain[k]
            c = xs - xs.mean()
            sd = math.sqrt(np.mean(c**2))
            h = c / sd
            a = np.tanh(g * h)
            du = t[k] * (1 - a**2)
            gg.append(float(slip("gain's gradient averaged over the batch @ u*>g*", np.sum(du * h), np.mean(du * h))))
            dh = du * slip("the other channel's gain @ u*>h*", g, gain[1 - k])
            proj = h * slip("projection on h summed, not averaged @ var*", np.mean(dh * h), np.sum(dh * h))
            proj = slip("projection on h dropped: the deviation is a constant @ sd*|h*>sd*", proj, 0 * h)
            proj = slip("h missing behind its own mean product @ c*|ss*|sd*|h*", proj, np.mean(dh * h) + 0 * h)
            mean = slip("mean's part dropped @ m*|c*>m*", np.mean(dh), 0.0)
            whole = (dh - mean - proj) / slip("variance for the deviation in front @ h*", sd, sd**2)
            gx.append(whole.tolist())
        return gx, gg

    return f, gradient


# ---------------------------------------------------------------- recurrent cells, attention, convolution


@derivation(0.7, -0.4, 0.2, 1.1)
def plain_recurrent_cell_over_four_steps() -> Any:
    xs = [0.5, -1.2, 0.8, 0.3]

    def f(w: Any, u: Any, b: Any, h0: Any) -> Any:
        w, u, b = n("w", w), n("u", u), n("b", b)
        h = n("h0", h0)
        cost = []
        for t, x in enumerate(xs, 1):
            z = n(f"z{t}", dot([w, u], [x, h], b))
            h = n(f"h{t}", tanh(z))
            cost.append(n(f"c{t}", h * h))
        return n("loss", sum(cost))

    def gradient(slip: Slip, w: Any, u: Any, b: Any, h0: Any) -> Any:
        h = [h0]
        for x in xs:
            h.append(math.tanh(w * x + u * h[-1] + b))
        gw = gu = gb = 0.0
        dh = 0.0
        for t in (4, 3, 2, 1):
            dh = dh + slip("the cost's own part only at the last step @ c1|c2|c3", 2 * h[t], 2 * h[t] * (t == 4))
            dz = dh * slip("slope with the state before the step @ h?", 1 - h[t] ** 2, 1 - h[t - 1] ** 2)
            gw += dz * slip("input of the following step @ z*>w", xs[t - 1], xs[t % 4])
            gu += dz * slip("new state where the old one belongs @ z*>u", h[t - 1], h[t])
            gb += dz
            dh = dz * slip("input weight on the way back through time @ z*>h*", u, w)
            dh = slip("truncated: no gradient to the earlier state @ z*>h*", dh, 0.0)
        gb = slip("bias from the first step alone @ z2>b|z3>b|z4>b", gb, dz)
        gh0 = slip("stops at the first activation, without its weight @ z1>h0", dh, dz)
        return gw, gu, gb, gh0

    return f, gradient


@derivation([0.6, -0.3, 0.9], [0.5, 0.8, -0.7], [0.1, -0.2, 0.3])
def gated_recurrent_unit_two_steps() -> Any:
    xs = [0.8, -0.5]

    def f(w: Any, u: Any, b: Any) -> Any:
        (wz, wr, wc), (uz, ur, uc), (bz, br, bc) = w, u, b
        wz, wr, wc = n("wz", wz), n("wr", wr), n("wc", wc)
        uz, ur, uc = n("uz", uz), n("ur", ur), n("uc", uc)
        bz, br, bc = n("bz", bz), n("br", br), n("bc", bc)
        h = 0.4
        for t, x in enumerate(xs, 1):
            z = n(f"z{t}", sigmoid(n(f"az{t}", dot([wz, uz], [x, h], bz))))
            r = n(f"r{t}", sigmoid(n(f"ar{t}", dot([wr, ur], [x, h], br))))
            m = n(f"m{t}", r * h)
            c = n(f"cand{t}", tanh(n(f"ac{t}", dot([wc, uc], [x, m], bc))))
            k = n(f"keep{t}", 1.0 - z)
            h = n(f"h{t}", n(f"old{t}", k * h) + n(f"new{t}", z * c))
        return n("loss", h * h)

    def gradient(slip: Slip, w: Any, u: Any, b: Any) -> Any:
        (wz, wr, wc), (uz, ur, uc), (bz, br, bc) = w, u, b
        sig = lambda a: 1 / (1 + math.exp(-a))
        h, tape = 0.4, []
        for x in xs:
            z, r = sig(wz * x + uz * h + bz), sig(wr * x + ur * h + br)
            c = math.tanh(wc * x + uc * r * h + bc)
            tape.append((x, h, z, r, c))
            h = (1 - z) * h + z * c
        gw, gu, gb = np.zeros(3), np.zeros(3), np.zeros(3)
        dh = slip("square's two forgotten @ loss", 2 * h, h)
        for t in (1, 0):
            x, hp, z, r, c = tape[t]
            dz = dh * slip("only the candidate's share of the update gate @ keep*|old*>keep*", c - hp, c)
            daz = dz * z * (1 - z)
            dac = dh * z * slip("sigmoid's slope for the candidate's tanh @ cand*", 1 - c * c, c * (1 - c))
            dm = dac * uc
            dar = dm * slip("candidate's state instead of the old one @ m*>r*", hp, c) * r * (1 - r)
            gw += A([daz, dar, dac]) * x
            gu += A(
                [
                    daz * hp,
                    dar * hp,
                    dac * slip("reset gate forgotten in the state that the candidate sees @ ac*>uc", r * hp, hp),
                ]
            )
            gb += A([daz, dar, dac])
            back = dh * slip("z where 1 - z belongs @ old2>h1", 1 - z, z)
            back += slip("update gate's dependence on the old state forgotten @ az2>h1", daz * uz, 0.0)
            back += slip("reset gate's dependence on the old state forgotten @ ar2>h1", dar * ur, 0.0)
            dh = back + slip("candidate's path back not gated @ m2>h1", dm * r, dm)
        return gw.tolist(), gu.tolist(), gb.tolist()

    return f, gradient


@derivation([0.4, -0.6, 0.9, 0.3], [0.7, 0.2, -0.5, 0.8], 0.25)
def long_short_term_memory_three_steps() -> Any:
    xs = [1.0, -0.7, 0.4]

    def f(w: Any, u: Any, b: Any) -> Any:
        w = [n("wi", w[0]), n("wf", w[1]), n("wo", w[2]), n("wg", w[3])]
        u = [n("ui", u[0]), n("uf", u[1]), n("uo", u[2]), n("ug", u[3])]
        b = n("bf", b)
        h, c = 0.1, 0.3
        for t, x in enumerate(xs, 1):
            i = n(f"i{t}", sigmoid(n(f"zi{t}", dot([w[0], u[0]], [x, h]))))
            fg = n(f"f{t}", sigmoid(n(f"zf{t}", dot([w[1], u[1]], [x, h], b))))
            o = n(f"o{t}", sigmoid(n(f"zo{t}", dot([w[2], u[2]], [x, h]))))
            g = n(f"g{t}", tanh(n(f"zg{t}", dot([w[3], u[3]], [x, h]))))
            c = n(f"c{t}", n(f"fc{t}", fg * c) + n(f"ig{t}", i * g))
            tc = n(f"tc{t}", tanh(c))
            h = n(f"h{t}", o * tc)
        return n("loss", n("e", h - 0.5) ** 2)

    def gradient(slip: Slip, w: Any, u: Any, b: Any) -> Any:
        w, u = A(w), A(u)
        sig = lambda a: 1 / (1 + np.exp(-a))
        h, c, tape = 0.1, 0.3, []
        for x in xs:
            z = w * x + u * h + A([0, b, 0, 0])
            i, fg, o = sig(z[:3])
            g = math.tanh(z[3])
            cn = fg * c + i * g
            tape.append((x, h, c, i, fg, o, g, cn))
            c, h = cn, o * math.tanh(cn)
        gw, gu, gb = np.zeros(4), np.zeros(4), 0.0
        dh, dc = 2 * (h - 0.5), 0.0
        for x, hp, cp, i, fg, o, g, cn in tape[::-1]:
            tc = math.tanh(cn)
            dc = dc + dh * o * slip("slope of tanh(c) written with c itself @ tc*", 1 - tc**2, 1 - cn**2)
            do = dh * slip("cell instead of its tanh behind the output gate @ h*>o*", tc, cn)
            df = dc * slip("new cell where the old one was multiplied @ fc*>f*", cp, cn)
            dzi, dzf = dc * g * i * (1 - i), df * fg * (1 - fg)
            dzo = do * slip("output gate's own slope forgotten @ o*", o * (1 - o), 1.0)
            dzg = dc * i * slip("gate slope g(1-g) for the candidate @ g*", 1 - g**2, g * (1 - g))
            dz = A([dzi, dzf, dzo, dzg])
            gw += dz * x
            gu += dz * hp
            gb += slip("forget bias gets the input gate's delta @ zf*>bf", dzf, dzi)
            dh = slip("only the candidate hands its delta back to the state @ zi*>h*|zf*>h*|zo*>h*", u @ dz, u[3] * dzg)
            dc = dc * slip("cell carried back past the forget gate @ fc*>c*", fg, 1.0)
            dc = slip("input gate on the cell's way back @ fc*>c*", dc, dc / fg * i)
        return gw.tolist(), gu.tolist(), float(gb)

    return f, gradient


@derivation([0.5, -0.8], [[0.9, 0.3], [-0.4, 1.1], [0.2, -0.7]], [0.6, -1.2, 0.8])
def attention_of_one_query() -> Any:
    def f(q: Any, K: Any, v: Any) -> Any:
        q = [n(f"q{j}", a) for j, a in enumerate(q)]
        K = [[n(f"k{i}{j}", a) for j, a in enumerate(row)] for i, row in enumerate(K)]
        v = [n(f"v{i}", a) for i, a in enumerate(v)]
        raw = [n(f"raw{i}", dot(q, k)) for i, k in enumerate(K)]
        s = [n(f"s{i}", a / math.sqrt(2.0)) for i, a in enumerate(raw)]
        e = [n(f"e{i}", exp(a)) for i, a in enumerate(s)]
        tot = n("tot", dot([1.0] * 3, e))
        a = [n(f"a{i}", b / tot) for i, b in enumerate(e)]
        o = n("o", dot(a, v))
        return n("loss", o * o)

    def gradient(slip: Slip, q: Any, K: Any, v: Any) -> Any:
        q, K, v = A(q), A(K), A(v)
        s = K @ q / math.sqrt(2)
        a = np.exp(s) / np.exp(s).sum()
        o = a @ v
        do = 2 * o
        gv = do * slip("scores where the weights belong @ o>v*", a, s)
        da = do * v
        ds = a * (da - slip("softmax treated as acting on each score alone @ a*>tot|tot", a @ da, 0.0))
        ds = slip("diagonal of the softmax only: a(1-a) @ a*>tot|tot*", ds, a * (1 - a) * da)
        ds = slip("mean of the incoming in place of its weighted mean @ a*>tot|tot|a*", ds, a * (da - da.mean()))
        draw = slip("divided by the width, not by its root @ s*", ds / math.sqrt(2), ds / 2)
        draw = slip("scaling forgotten on the way back @ s*", draw, ds)
        gq = slip("first key for every score @ raw1>q*|raw2>q*", K.T @ draw, K[0] * draw.sum())
        gK = np.outer(draw, q)
        gK = slip("keys' gradient computed from the query's gradient @ raw*>k*", gK, np.outer(draw, gq))
        return gq.tolist(), gK.tolist(), gv.tolist()

    return f, gradient


@derivation([0.8, -0.5, 0.3], [0.4, 1.2, -0.9, 0.6, 1.5], 0.1)
def convolution_with_pooling() -> Any:
    def f(k: Any, x: Any, b: Any) -> Any:
        b = n("b", b)
        k = [n(f"k{j}", v) for j, v in enumerate(k)]
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        z = [n(f"z{i}", dot(k, x[i : i + 3], b)) for i in range(3)]
        a = [n(f"a{i}", softplus(v)) for i, v in enumerate(z)]
        pool = n("pool", dot([1 / 3] * 3, a))
        return n("loss", pool**3)

    def gradient(slip: Slip, k: Any, x: Any, b: Any) -> Any:
        k, x = A(k), A(x)
        z = A([k @ x[i : i + 3] + b for i in range(3)])
        pool = np.log1p(np.exp(z)).mean()
        dp = 3 * slip("power not lowered @ loss", pool**2, pool**3)
        da = slip("pooled gradient copied, not shared out @ pool", dp / 3, dp) * np.ones(3)
        sig = 1 / (1 + np.exp(-z))
        dz = da * slip("softplus differentiated as a sigmoid @ a*", sig, sig * (1 - sig))
        gk = A([np.sum(dz * x[j : j + 3]) for j in range(3)])
        gk = slip("kernel's gradient flipped @ z*>k*", gk, gk[::-1])
        full = np.convolve(dz, k)
        gx = slip("correlation where the transposed convolution belongs @ z*>x*", full, np.convolve(dz, k[::-1]))
        gx = slip("window shifted by one @ z*>x*", gx, np.roll(full, 1))
        gx = slip(
            "border samples counted for the whole kernel @ z*>x0|z*>x4",
            gx,
            np.concatenate([[dz[0] * k.sum()], full[1:4], [dz[2] * k.sum()]]),
        )
        return gk.tolist(), gx.tolist(), float(slip("bias once, not once a position @ z*>b", dz.sum(), dz.mean()))

    return f, gradient


@derivation([0.9, -0.4, 1.2, 0.5], [0.3, -0.8])
def residual_blocks_sharing_a_weight() -> Any:
    def f(x: Any, p: Any) -> Any:
        w, b = n("w", p[0]), n("b", p[1])
        h = [n(f"h0{i}", v) for i, v in enumerate(x)]
        for t in (1, 2, 3):
            z = [n(f"z{t}{i}", v * w) for i, v in enumerate(h)]
            s = [n(f"s{t}{i}", v + b) for i, v in enumerate(z)]
            a = [n(f"a{t}{i}", sigmoid(v)) for i, v in enumerate(s)]
            h = [n(f"h{t}{i}", h[i] + a[i]) for i in range(4)]
        q = [n(f"q{i}", v * v) for i, v in enumerate(h)]
        return n("mean", sum(q) / 4.0)

    def gradient(slip: Slip, x: Any, p: Any) -> Any:
        w, b = p
        hs, As = [A(x)], []
        for _ in range(3):
            As.append(1 / (1 + np.exp(-(w * hs[-1] + b))))
            hs.append(hs[-1] + As[-1])
        dh = slip("mean over the units forgotten @ mean", hs[3] / 2, 2 * hs[3])
        gw = gb = 0.0
        for t in (2, 1, 0):
            a = As[t]
            ds = dh * slip("slope a^2(1-a) with the activation squared @ a*", a * (1 - a), a * a * (1 - a))
            ds = slip("slope of the last block used in every block @ a1*|a2*", ds, dh * As[2] * (1 - As[2]))
            dw = np.sum(ds * slip("block's output taken for its input @ z*>w", hs[t], hs[t + 1]))
            gw += slip("last block only, the weight being shared @ z1*>w|z2*>w", dw, dw * (t == 2))
            gb += np.sum(ds)
            skip = slip("skip connection dropped @ h1?>h*|h2?>h*|h3?>h*", dh, 0 * dh)
            dh = skip + slip("branch dropped: only the skip carries on @ z*>h*", ds * w, 0.0)
        gw = slip("optimiser's weight decay left in @ -", gw, gw + 0.02 * w)
        return dh.tolist(), [float(gw), float(gb)]

    return f, gradient


# ---------------------------------------------------------------- mechanics, robots, cameras


@derivation([0.5, -0.8, 1.1], [1.0, 0.7, 0.4])
def reach_of_a_three_joint_arm() -> Any:
    tx, ty = 0.9, 0.6

    def f(q: Any, l: Any) -> Any:
        q = [n(f"q{i}", v) for i, v in enumerate(q, 1)]
        l = [n(f"l{i}", v) for i, v in enumerate(l, 1)]
        t1 = q[0]
        t2 = n("t2", t1 + q[1])
        t3 = n("t3", t2 + q[2])
        c = [n(f"c{i}", cos(t)) for i, t in enumerate((t1, t2, t3), 1)]
        s = [n(f"s{i}", sin(t)) for i, t in enumerate((t1, t2, t3), 1)]
        px = n("px", dot(l, c))
        py = n("py", dot(l, s))
        ex, ey = n("ex", px - tx), n("ey", py - ty)
        return n("cost", n("ex2", ex**2) + n("ey2", ey**2))

    def gradient(slip: Slip, q: Any, l: Any) -> Any:
        l = A(l)
        t = slip("joint angles not added up @ c2|c3|s2|s3|px>*|py>*", np.cumsum(q), A(q))
        c, s = np.cos(np.cumsum(q)), np.sin(np.cumsum(q))
        cc, ss = np.cos(t), np.sin(t)
        ex, ey = l @ c - tx, l @ s - ty
        gx = 2 * ex
        gy = slip("target's height not subtracted @ ey2", 2 * ey, 2 * (ey + ty))
        gl = gx * cc + gy * ss
        own = -gx * l * ss + gy * slip("sine for its derivative @ s1|s2|s3", l * cc, l * ss)
        own = slip("minus of the cosine's derivative lost @ c1|c2|c3", own, own + 2 * gx * l * ss)
        g = A([own[0] + own[1] + own[2], own[1] + own[2], own[2]])
        g = slip("first joint moves only its own link @ t2>q1", g, A([own[0], own[1] + own[2], own[2]]))
        g = slip("second joint moves only its own link @ t3>t2", g, A([own[0] + own[1], own[1], own[2]]))
        g = slip("joints counted from the tip @ t2|t3", g, np.cumsum(own))
        g = slip("another cost's pull to the rest position left in @ -", g, g + 0.1 * A(q))
        return g.tolist(), gl.tolist()

    return f, gradient


@derivation([25.0, 40.0], 2.0)
def great_circle_by_haversine_in_degrees() -> Any:
    la, lo, R = 48.0, 11.0, 6.371

    def f(p: Any, h: Any) -> Any:
        phi = n("phi", n("lat", p[0]) * (math.pi / 180))
        lam = n("lam", n("lon", p[1]) * (math.pi / 180))
        dphi = n("dphi", phi - math.radians(la))
        dlam = n("dlam", lam - math.radians(lo))
        sp = n("sp", sin(n("hp", 0.5 * dphi)))
        sl = n("sl", sin(n("hl", 0.5 * dlam)))
        a1 = n("a1", sp**2)
        cp = n("cp", cos(phi))
        sl2 = n("sl2", sl**2)
        a2 = n("a2", math.cos(math.radians(la)) * n("cpsl", cp * sl2))
        a = n("a", a1 + a2)
        root = n("root", sqrt(a))
        ang = n("ang", asin(root))
        rad = n("rad", n("h", h) + R)
        return n("dist", 2.0 * n("arc", rad * ang))

    def gradient(slip: Slip, p: Any, h: Any) -> Any:
        phi, lam = math.radians(p[0]), math.radians(p[1])
        c1 = math.cos(math.radians(la))
        sp, sl = math.sin((phi - math.radians(la)) / 2), math.sin((lam - math.radians(lo)) / 2)
        cp = math.cos(phi)
        a = sp**2 + c1 * cp * sl**2
        ang = math.asin(math.sqrt(a))
        dang = 2 * (R + slip("height forgotten in the radius @ arc>ang", h, 0.0))
        droot = dang / math.sqrt(slip("1 + a under the arcsine's root @ ang", 1 - a, 1 + a))
        droot = slip("arcsine's derivative without the root @ ang", droot, dang / (1 - a))
        da = droot * slip("root's derivative with the root above @ root", 0.5 / math.sqrt(a), 0.5 * math.sqrt(a))
        dphi = da * sp * slip("sine for the half angle's cosine @ sp", math.cos((phi - math.radians(la)) / 2), sp)
        dphi += da * c1 * sl**2 * slip("latitude's second place forgotten @ cpsl>cp|cp", -math.sin(phi), 0.0)
        dlam = da * c1 * cp * sl * math.cos((lam - math.radians(lo)) / 2)
        dlam = slip("cosine of the point's latitude dropped @ cpsl>sl2", dlam, dlam / cp)
        dlam = slip("half angle's half lost @ hl", dlam, 2 * dlam)
        deg = math.pi / 180
        gp = [
            dphi * slip("latitude left in radians @ phi", deg, 1.0),
            dlam * slip("degrees multiplied the wrong way round @ lam", deg, 1 / deg),
        ]
        return [float(v) for v in gp], float(
            slip("two of the distance forgotten for the height @ dist|arc>rad|rad", 2 * ang, ang)
        )

    return f, gradient


@derivation([0.9, -0.7, 1.5], [0.2, -0.1, 0.3], [8.0, 0.4])
def reprojection_error_of_a_camera() -> Any:
    u0, v0 = 3.7, -2.2

    def f(X: Any, t: Any, k: Any) -> Any:
        X = [n(f"X{i}", v) for i, v in enumerate(X)]
        t = [n(f"t{i}", v) for i, v in enumerate(t)]
        fo, kd = n("f", k[0]), n("kd", k[1])
        x, y, z = [n(m, a + b) for m, a, b in zip(("x", "y", "z"), X, t, strict=True)]
        a, b = n("a", x / z), n("b", y / z)
        r2 = n("r2", n("a2", a * a) + n("b2", b * b))
        kr = n("kr", kd * r2)
        d = n("d", 1.0 + kr)
        ad, bd = n("ad", a * d), n("bd", b * d)
        u, v = n("u", fo * ad), n("v", fo * bd)
        eu, ev = n("eu", u - u0), n("ev", v - v0)
        return n("err", n("eu2", eu * eu) + n("ev2", ev * ev))

    def gradient(slip: Slip, X: Any, t: Any, k: Any) -> Any:
        x, y, z = A(X) + A(t)
        fo, kd = k
        a, b = x / z, y / z
        r2 = a * a + b * b
        d = 1 + kd * r2
        eu, ev = fo * a * d - u0, fo * b * d - v0
        du = 2 * eu
        dv = slip("residual of the other coordinate @ ev2", 2 * ev, 2 * eu)
        gf = du * a * d + slip("distortion missing in one coordinate's focal part @ v>f", dv * b * d, dv * b)
        dad, dbd = du * fo, dv * fo
        dd = dad * a + dbd * b
        gk = dd * slip("radius, not its square, in the distortion @ kr>kd", r2, math.sqrt(r2))
        dr = dd * kd
        da = dad * d + slip("distortion's dependence on the point dropped @ a2|r2>a2", 2 * a * dr, 0.0)
        db = dbd * d + slip("two of the square lost @ b2", 2 * b * dr, b * dr)
        gx, gy = da / z, slip("not divided by the depth @ b>y", db / z, db)
        gz = -(da * x + db * y) / z**2
        gz = slip("depth only in one coordinate @ b>z", gz, -da * x / z**2)
        gz = slip("depth to the first power @ a>z|b>z", gz, z * gz)
        g = A([gx, gy, gz])
        return (
            g.tolist(),
            slip("translation moves against the point @ x>t0|y>t1|z>t2", g, -g).tolist(),
            [float(gf), float(gk)],
        )

    return f, gradient


@derivation([0.4, -0.3, 1.2])
def rotated_and_scaled_mark() -> Any:
    def f(p: Any) -> Any:
        th, sx, tz = n("theta", p[0]), n("shear", p[1]), n("scale", p[2])
        c, s = n("c", cos(th)), n("s", sin(th))
        out = []
        for i, (a, b) in enumerate(((1.0, 0.5), (-0.3, 2.0))):
            m = n(f"m{i}", a + n(f"sh{i}", sx * b))
            x = n(f"x{i}", n(f"cm{i}", c * m) - n(f"sb{i}", s * b))
            y = n(f"y{i}", n(f"sm{i}", s * m) + n(f"cb{i}", c * b))
            out += [n(f"u{i}", tz * x), n(f"v{i}", tz * y)]
        return out

    def gradient(slip: Slip, p: Any) -> Any:
        th, k, tz = p
        c, s = math.cos(th), math.sin(th)
        rows = []
        for a, b in ((1.0, 0.5), (-0.3, 2.0)):
            m = a + k * b
            x, y = c * m - s * b, s * m + c * b
            dxt = -s * m - slip("sine's slope with a minus @ s", c * b, -c * b)
            dyt = c * m - s * b
            dxt = slip("turned the other way @ c|s", dxt, -dxt)
            dyt = slip("shear forgotten in the turned height @ sm*>s", dyt, c * a - s * b)
            dxk = slip("sheared coordinate in place of the other one @ sh*>shear", c * b, c * m)
            dyk = slip("cosine for sine in the second row @ sm*>m*", s * b, c * b)
            rows.append([tz * dxt, tz * dxk, x])
            rows.append(
                [
                    slip("scale missing in the second row @ v*>y*|y*", tz, 1.0) * dyt,
                    tz * dyk,
                    slip("first coordinate in both rows @ v*>scale", y, x),
                ]
            )
        return rows

    return f, gradient


@derivation([0.9, 0.4], [0.3, -0.5], 1.3)
def energy_of_a_double_pendulum() -> Any:
    g, l1, l2, m1 = 9.81, 1.1, 0.8, 1.5

    def f(q: Any, w: Any, m2: Any) -> Any:
        t1, t2 = n("t1", q[0]), n("t2", q[1])
        w1, w2 = n("w1", w[0]), n("w2", w[1])
        m2 = n("m2", m2)
        v1 = n("v1", l1 * w1)
        v2 = n("v2", l2 * w2)
        s1, s2 = n("s1", v1**2), n("s2", v2**2)
        d = n("d", t1 - t2)
        cd = n("cd", cos(d))
        vv = n("vv", v1 * v2)
        x = n("x", n("vvc", vv * cd) * 2.0)
        sp = n("sp", n("s12", s1 + s2) + x)
        k1 = n("k1", 0.5 * m1 * s1)
        k2 = n("k2", 0.5 * n("msp", m2 * sp))
        c1, c2 = n("c1", cos(t1)), n("c2", cos(t2))
        h1 = n("h1", -l1 * c1)
        h2 = n("h2", h1 - n("lc2", l2 * c2))
        p1 = n("p1", m1 * g * h1)
        p2 = n("p2", g * n("mh", m2 * h2))
        return n("E", n("kin", k1 + k2) + n("pot", p1 + p2))

    def gradient(slip: Slip, q: Any, w: Any, m2: Any) -> Any:
        (t1, t2), (w1, w2) = q, w
        v1, v2, d = l1 * w1, l2 * w2, t1 - t2
        coup = m2 * v1 * v2 * slip("coupling's sine with a plus @ cd", -math.sin(d), math.sin(d))
        g1 = coup + slip("lower mass forgotten at the upper height @ h2>h1", m1 + m2, m1) * g * l1 * math.sin(t1)
        g2 = slip("same sign for both angles of the difference @ d>t2", -coup, coup) + m2 * g * l2 * slip(
            "sine of the upper angle @ c2", math.sin(t2), math.sin(t1)
        )
        dw1 = (m1 + m2) * l1 * v1 + m2 * v2 * math.cos(d) * slip(
            "upper length lost in the coupling @ vv>v1|v1", l1, 1.0
        )
        dw1 = slip("square's two lost, the half kept @ s1", dw1, dw1 - 0.5 * (m1 + m2) * l1 * v1)
        dw2 = m2 * l2 * (v2 + slip("coupling's cosine dropped @ vv>v2|vvc", v1 * math.cos(d), v1))
        gm = 0.5 * (v1**2 + v2**2 + 2 * v1 * v2 * math.cos(d)) + g * (-l1 * math.cos(t1) - l2 * math.cos(t2))
        gm = slip("cross term's two halved away with the rest @ msp>m2", gm, gm - 0.5 * v1 * v2 * math.cos(d))
        return [g1, g2], [dw1, dw2], gm

    return f, gradient


@derivation([1.1, 0.4, 0.2], [0.2, 0.9, 0.1])
def orbital_elements_from_a_state() -> Any:
    mu = 1.0

    def f(r: Any, v: Any) -> Any:
        r = [n(f"r{i}", a) for i, a in enumerate(r)]
        v = [n(f"v{i}", a) for i, a in enumerate(v)]
        rr = n("rr", dot(r, r))
        rad = n("rad", sqrt(rr))
        vv = n("vv", dot(v, v))
        kin = n("kin", 0.5 * vv)
        pot = n("pot", mu / rad)
        en = n("en", kin - pot)
        a = n("a", -0.5 * mu / en)
        rv = n("rv", dot(r, v))
        h2 = n("h2", n("rrvv", rr * vv) - n("rv2", rv**2))
        e2 = n("e2", 1.0 - n("ratio", h2 / a))
        per = n("per", 2 * math.pi * n("a32", a**1.5))
        return n("f", per + n("e", sqrt(e2)))

    def gradient(slip: Slip, r: Any, v: Any) -> Any:
        r, v = A(r), A(v)
        rr, vv, rv = r @ r, v @ v, r @ v
        rad = math.sqrt(rr)
        en = vv / 2 - mu / rad
        a = -mu / (2 * en)
        h2 = rr * vv - rv**2
        de2 = 0.5 / math.sqrt(1 - h2 / a)
        dh2 = slip("minus of 1 - h2/a lost for the momentum @ ratio>h2", -de2, de2) / a
        da = slip("eccentricity's dependence on the axis forgotten @ ratio>a", de2 * h2 / a**2, 0.0)
        da += 3 * math.pi * slip("period's power: a for its root @ a32", math.sqrt(a), a)
        den = da * slip("axis over energy with its sign turned @ a", -a / en, a / en)
        drad = den * slip("potential's inverse square written as inverse @ pot", 1 / rr, 1 / rad)
        drv = -dh2 * 2 * rv
        drv = slip("square's derivative forgotten @ rv2", drv, -dh2 * 2)
        gr = drad * r / rad + dh2 * vv * 2 * r + drv * v
        gr = slip("radius vector not made a unit vector @ rad", gr, gr + drad * r * (1 - 1 / rad))
        gv = (
            den * slip("kinetic energy's half once more @ kin", v, v / 2)
            + dh2 * 2 * slip("radius for its square @ rrvv>vv", rr, rad) * v
            + slip("dot product's other vector: v itself @ rv>v*", drv * r, drv * v)
        )
        return gr.tolist(), gv.tolist()

    return f, gradient


# ---------------------------------------------------------------- finance, economics, epidemiology


@derivation(1.05, 0.3, 0.8, 0.04)
def black_scholes_gap_call() -> Any:
    K, K2 = 1.0, 0.7

    def f(S: Any, sig: Any, T: Any, r: Any) -> Any:
        S, sig, T, r = n("S", S), n("sigma", sig), n("T", T), n("r", r)
        m = n("m", log(S / K))
        var = n("var", sig**2)
        drift = n("drift", r + n("hv", 0.5 * var))
        num = n("num", m + n("dT", drift * T))
        rT = n("rT", sqrt(T))
        den = n("den", sig * rT)
        d1 = n("d1", num / den)
        d2 = n("d2", d1 - den)
        N1 = n("N1", 0.5 * (1.0 + erf(d1 / math.sqrt(2.0))))
        N2 = n("N2", 0.5 * (1.0 + erf(d2 / math.sqrt(2.0))))
        mrT = n("mrT", -n("rTprod", r * T))
        disc = n("disc", exp(mrT))
        Kd = n("Kd", K2 * disc)
        a, b = n("a", S * N1), n("b", Kd * N2)
        return n("C", a - b)

    def gradient(slip: Slip, S: Any, sig: Any, T: Any, r: Any) -> Any:
        rT = math.sqrt(T)
        num = math.log(S / K) + (r + sig**2 / 2) * T
        den = sig * rT
        d1 = num / den
        d2 = d1 - den
        N = lambda t: 0.5 * (1 + math.erf(t / math.sqrt(2)))
        phi = lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
        disc = math.exp(-r * T)
        dN1, dN2, dKd = S, -K2 * disc, -N(d2)
        dd2 = dN2 * slip("distribution for its density @ N2*", phi(d2), N(d2))
        dd2 = slip("density at d1 for the one at d2 @ N2*", dd2, dN2 * phi(d1))
        dd1 = dN1 * phi(d1) + slip("second argument's dependence on the first forgotten @ d2>d1", dd2, 0.0)
        dden = slip("minus of the quotient lost @ d1>den", -dd1 * num / den**2, dd1 * num / den**2)
        dden += slip("deviation subtracted in d2 forgotten @ d2>den", -dd2, 0.0)
        dnum = dd1 / den
        gS = N(d1) + dnum * slip("slope of ln S written as one @ m", 1 / S, 1.0)
        gsig = dden * rT + dnum * T * slip("half of the variance lost @ hv", sig, 2 * sig)
        gT = dnum * (r + sig**2 / 2) + dden * sig * slip("one over the root, without its half @ rT", 0.5 / rT, 1 / rT)
        dm = dKd * K2 * disc
        gT += slip("plus where the discount falls @ mrT|rTprod>T", -dm, dm) * r
        gr = dnum * T + slip("discount's own dependence on the rate forgotten @ rTprod>r", -dm * T, 0.0)
        gr = slip("time to maturity for the drift's root of it @ dT>drift|drift>r", gr, dnum * rT - dm * T)
        return gS, gsig, gT, gr

    return f, gradient


@derivation(0.05, 100.0)
def price_of_a_bond_with_coupons() -> Any:
    c = 4.0

    def f(y: Any, F: Any) -> Any:
        y, F = n("y", y), n("F", F)
        g = n("g", 1.0 + y)
        price = 0.0
        for k in range(1, 6):
            dk = n(f"d{k}", g**-k)
            price = price + n(f"pv{k}", c * dk)
        last = n("face", F * dk)
        return n("P", price + last)

    def gradient(slip: Slip, y: Any, F: Any) -> Any:
        g = 1 + y
        k = np.arange(1, 6)
        dd = slip("exponent not lowered @ d*", -k * g ** (-k - 1.0), -k * g ** (-1.0 * k))
        dd = slip("exponent raised instead of lowered @ d*", dd, -k * g ** (1.0 - k))
        dd = slip("periods counted from nought @ d*", dd, -(k - 1) * g ** (-1.0 * k))
        gy = slip("coupon not paid at the end @ pv5", c * dd.sum(), c * dd[:4].sum())
        gy += slip("face value discounted as fixed @ face>d5", F * dd[4], 0.0)
        gF = slip("face value discounted by one period less @ face>F", g**-5.0, g**-4.0)
        return float(gy), float(gF)

    return f, gradient


@derivation([1.2, 0.8, 2.0], [0.3, 0.5], 0.6)
def constant_elasticity_production_and_profit() -> Any:
    def f(x: Any, s: Any, rho: Any) -> Any:
        x = [n(m, v) for m, v in zip(("K", "L", "E"), x, strict=True)]
        s1, s2 = n("s1", s[0]), n("s2", s[1])
        s3 = n("s3", n("rest", 1.0 - s1) - s2)
        rho = n("rho", rho)
        pw = [n(f"pw{i}", v**rho) for i, v in enumerate(x)]
        t = [n(f"t{i}", a * b) for i, (a, b) in enumerate(zip((s1, s2, s3), pw, strict=True))]
        S = n("S", n("t01", t[0] + t[1]) + t[2])
        inv = n("inv", 1.0 / rho)
        Y = n("Y", S**inv)
        cost = n("cost", dot([0.4, 0.3, 0.2], x))
        return n("profit", n("sales", 1.5 * Y) - cost)

    def gradient(slip: Slip, x: Any, s: Any, rho: Any) -> Any:
        x = A(x)
        sh = A([s[0], s[1], 1 - s[0] - s[1]])
        pw = x**rho
        S = sh @ pw
        Y = S ** (1 / rho)
        dY = 1.5
        dS = dY * slip("outer exponent not lowered @ Y>S", Y / S / rho, Y / rho)
        dS = slip("outer exponent rho for 1/rho @ Y>S", dS, dY * rho * S ** (rho - 1))
        dt = dS * np.ones(3)
        dsh = dt * pw
        third = slip("shares add up to one forgotten @ rest|s3", dsh[2], 0.0)
        gs = [
            float(dsh[0] - third),
            float(dsh[1] - slip("last share held fixed for the second only @ s3>s2", third, 0.0)),
        ]
        dpw = dt * sh
        gx = dpw * slip("inner exponent not lowered @ pw*>K|pw*>L|pw*>E", rho * x ** (rho - 1), rho * pw)
        gx = gx - slip("price of labour in place of energy's @ cost>E", A([0.4, 0.3, 0.2]), A([0.4, 0.3, 0.3]))
        gr = np.sum(dpw * pw * slip("decadic for natural logarithm @ pw*>rho", np.log(x), np.log10(x)))
        dinv = dY * Y * math.log(S)
        gr += slip("one over rho differentiated as rho @ inv", -dinv / rho**2, dinv)
        gr = slip("outer exponent held fixed @ inv|Y>inv", gr, gr + dinv / rho**2)
        return gx.tolist(), gs, float(gr)

    return f, gradient


@derivation([0.5, 0.2], [0.9, 0.05])
def epidemic_in_discrete_weeks() -> Any:
    def f(p: Any, y0: Any) -> Any:
        beta, gam = n("beta", p[0]), n("gamma", p[1])
        S, I = n("S0", y0[0]), n("I0", y0[1])
        for k in range(1, 5):
            SI = n(f"SI{k}", S * I)
            inf = n(f"inf{k}", beta * SI)
            rec = n(f"rec{k}", gam * I)
            S = n(f"S{k}", S - inf)
            net = n(f"net{k}", inf - rec)
            I = n(f"I{k}", I + net)
        return n("out", n("res", log(I)) ** 2)

    def gradient(slip: Slip, p: Any, y0: Any) -> Any:
        beta, gam = p
        S, I = [y0[0]], [y0[1]]
        for _ in range(4):
            new = beta * S[-1] * I[-1]
            S.append(S[-1] - new)
            I.append(I[-1] + new - gam * I[-1])
        gb = gg = 0.0
        dS, dI = 0.0, 2 * math.log(I[4]) * slip("logarithm's slope forgotten @ res", 1 / I[4], 1.0)
        for k in (3, 2, 1, 0):
            dinf = slip("loss of the healthy not counted @ S1>inf*|S2>inf*|S3>inf*", dI - dS, dI)
            dinf = slip("infections enter both balances with a plus @ S1>inf*|S2>inf*|S3>inf*", dinf, dI + dS)
            s_ = slip("susceptibles after the step @ SI*>I*", S[k], S[k + 1])
            gb += dinf * S[k] * slip("infected after the step @ inf*>beta", I[k], I[k + 1])
            gg -= dI * slip("recoveries from the new infected @ rec*>gamma", I[k], I[k + 1])
            dS_old = dS + dinf * beta * I[k]
            dI_old = (
                slip("identity part of the update dropped @ I2>I1|I3>I2|I4>I3|I1>I0", dI, 0.0)
                + dinf * beta * s_
                - dI * gam
            )
            dS, dI = dS_old, slip("recovery rate's decay dropped @ rec*>I*", dI_old, dI_old + dI * gam)
            dS = slip(
                "infection rate dropped for the susceptibles @ inf?>SI?|SI?>S?",
                dS,
                dS - dinf * beta * I[k] + dinf * I[k],
            )
        gg = slip("a prior's pull on the recovery rate left in @ -", gg, gg + (gam - 0.25))
        return [gb, gg], [dS, dI]

    return f, gradient


@derivation([0.8, 1.5, 3.0])
def pharmacokinetics_after_a_tablet() -> Any:
    D, V, F = 100.0, 20.0, 0.9

    def f(p: Any) -> Any:
        ka, ke, t = n("ka", p[0]), n("ke", p[1] * 0.1), n("t", p[2])
        den = n("den", ka - ke)
        ka1 = n("kaF", (F * D / V) * ka)
        k = n("k", ka1 / den)
        et = n("et", ke * t)
        at = n("at", ka * t)
        e1 = n("e1", exp(-et))
        e2 = n("e2", exp(-at))
        dif = n("dif", e1 - e2)
        return n("conc", k * dif)

    def gradient(slip: Slip, p: Any) -> Any:
        ka, ke, t = p[0], 0.1 * p[1], p[2]
        q = F * D / V
        den = ka - ke
        k = q * ka / den
        e1, e2 = math.exp(-ke * t), math.exp(-ka * t)
        dk = e1 - e2
        dka = slip("quotient rule's second part dropped @ k>den|den>ka", -dk * q * ke / den**2, dk * q / den)
        dka = slip("numerator simplified to ka: (den - ka) taken as ka @ k|kaF|den>ka", dka, dk * q * ka / den**2)
        dka += k * t * e2
        dka = slip("time missing in the absorption's exponential @ at>ka", dka, dka - k * t * e2 + k * e2)
        dka = slip("minus of the exponents not cancelled @ dif>e2|e2|at>ka", dka, dka - 2 * k * t * e2)
        dke = dk * q * ka / den**2 - k * t * e1
        dke = slip("prefactor's dependence on the elimination forgotten @ k>den|den>ke", dke, -k * t * e1)
        dt = k * slip("rates swapped between the exponentials @ et>t|at>t", ka * e2 - ke * e1, ke * e2 - ka * e1)
        return [dka, slip("unit of the elimination rate forgotten @ ke", 0.1, 1.0) * dke, dt]

    return f, gradient


# ---------------------------------------------------------------- physics and chemistry


@derivation([0.2, 0.9, 1.5, 0.7])
def reaction_rates_after_arrhenius() -> Any:
    R = 8.314e-3

    def f(s: Any) -> Any:
        a, b = n("A", s[0]), n("B", s[1])
        Ea, T = n("Ea", 10.0 * s[2]), n("T", 500.0 * s[3])
        RT = n("RT", R * T)
        x = n("x", Ea / RT)
        ex = n("ex", exp(n("mx", -x)))
        k = n("k", 50.0 * ex)
        b2 = n("b2", b**2)
        ab = n("ab", a * b2)
        fw = n("fw", k * ab)
        mid = n("mid", 1.0 + n("sat", 2.0 * a))
        rate = n("rate", fw / mid)
        return [n("dA", -rate), n("dB", -2.0 * rate), n("heat", rate * Ea)]

    def gradient(slip: Slip, s: Any) -> Any:
        a, b, Ea, T = s[0], s[1], 10.0 * s[2], 500.0 * s[3]
        k = 50 * math.exp(-Ea / (R * T))
        mid = 1 + 2 * a
        rate = k * a * b * b / mid
        ra = k * b * b / mid**2
        ra = slip("inhibition held fixed @ rate>mid|mid", ra, k * b * b / mid)
        ra = slip("mid + 2a, the minus lost @ rate>mid", ra, k * b * b * (mid + 2 * a) / mid**2)
        ra = slip("bracket (1 + 2a - 2a) taken as 1 + 2a - a @ rate>mid|sat", ra, k * b * b * (1 + a) / mid**2)
        rb = slip("order of reaction brought down but not lowered @ b2", 2 * rate / b, 2 * rate)
        rE = slip("falls with the barrier: minus lost @ x>Ea", -rate / (R * T), rate / (R * T))
        rT = rate * slip("temperature in the exponent not squared @ x>RT", Ea / (R * T**2), Ea / (R * T))
        d = A([ra, rb, 10 * rE, 500 * rT])
        last = d * Ea + A([0, 0, slip("heat of reaction as a constant @ heat>Ea", 10 * rate, 0.0), 0])
        return [(-d).tolist(), (slip("one molecule for two @ dB", -2, -1) * d).tolist(), last.tolist()]

    return f, gradient


@derivation([1.8, 0.9, 0.35])
def van_der_waals_pressure_and_energy() -> Any:
    a, b, R, cv = 0.42, 0.037, 0.0831, 1.5

    def f(s: Any) -> Any:
        T, V, m = n("T", s[0]), n("V", s[1]), n("m", s[2])
        mb = n("mb", b * m)
        free = n("free", V - mb)
        mT = n("mT", m * T)
        ideal = n("ideal", R * mT / free)
        m2 = n("m2", m * m)
        V2 = n("V2", V * V)
        coh = n("coh", a * n("mV", m2 / V2))
        P = n("P", ideal - coh)
        att = n("att", a * n("mmV", m2 / V))
        U = n("U", n("therm", cv * R * mT) - att)
        lf = n("lf", log(free))
        S = n("S", m * lf)
        return [P, U, S]

    def gradient(slip: Slip, s: Any) -> Any:
        T, V, m = s
        free = V - b * m
        dP_T = R * m / free
        dP_V = -R * m * T / free**2 + slip("cube left a square @ V2|mV>V2", 2 * a * m**2 / V**3, 2 * a * m**2 / V**2)
        dP_V = slip("attraction falls with volume: wrong sign @ P>coh|coh|mV>V2|V2", dP_V, dP_V - 4 * a * m**2 / V**3)
        dP_V = slip(
            "free volume's square lost @ ideal>free|free>V", dP_V, dP_V + R * m * T / free**2 - R * m * T / free
        )
        dP_m = R * T / free - 2 * a * m / V**2
        dP_m += slip("amount inside the free volume forgotten @ free>mb|mb", R * m * T * b / free**2, 0.0)
        heat = slip("heat at fixed pressure for the one at fixed volume @ therm", cv, cv + 1)
        dU_T = heat * R * m
        dU_V = slip("attraction's minus lost @ U>att|att|mmV", a * m**2 / V**2, -a * m**2 / V**2)
        dU_m = heat * R * T - slip("square's two lost @ m2|mmV", 2 * a * m / V, a * m / V)
        dS_V = slip("logarithm of V, not of the free volume @ lf|free>V", m / free, m / V)
        dS_m = math.log(free) - slip("second part of the product dropped @ S>lf|lf|free>mb|mb", m * b / free, 0.0)
        return [[dP_T, dP_V, dP_m], [dU_T, dU_V, dU_m], [0.0, dS_V, dS_m]]

    return f, gradient


@derivation([[0.0, 0.1, 0.2], [1.1, -0.2, 0.1], [0.4, 1.0, -0.3]], 0.9)
def lennard_jones_cluster() -> Any:
    eps = 0.7

    def f(X: Any, sig: Any) -> Any:
        sig = n("sigma", sig)
        X = [[n(f"x{i}{j}", v) for j, v in enumerate(row)] for i, row in enumerate(X)]
        E = []
        for i in range(3):
            for k in range(i):
                d = [n(f"d{k}{i}{j}", X[i][j] - X[k][j]) for j in range(3)]
                r2 = n(f"rr{k}{i}", dot(d, d))
                r = n(f"r{k}{i}", sqrt(r2))
                q = n(f"q{k}{i}", sig / r)
                q6 = n(f"six{k}{i}", q**6)
                q12 = n(f"twelve{k}{i}", q6**2)
                E.append(n(f"E{k}{i}", 4 * eps * n(f"dif{k}{i}", q12 - q6)))
        return n("E", sum(E))

    def gradient(slip: Slip, X: Any, sig: Any) -> Any:
        X = A(X)
        g, gs = np.zeros((3, 3)), 0.0
        for i in range(3):
            for k in range(i):
                d = X[i] - X[k]
                r = np.linalg.norm(d)
                q = sig / r
                dq = 4 * eps * (12 * q**11 - slip("attraction with the repulsion's factor @ six*", 6 * q**5, 12 * q**5))
                dq = slip("attraction's minus lost @ dif*>six*", dq, dq + 48 * eps * q**5)
                dq = slip("twelve and six brought down, exponents left @ six*|twelve*", dq, dq * q)
                dq = slip("pairs counted from both sides @ E|E??", dq, 2 * dq)
                dr = -dq * slip("distance not squared @ q*>r*", sig / r**2, sig / r)
                F = dr * slip("separation not divided by its length @ r??|rr??", d / r, d)
                g[i] += F
                g[k] += slip("reaction with the sign of the action @ d???>x0?|d12?>x1?", -F, F)
                gs += dq * slip("slope along sigma at unit distance @ q*>sigma", 1 / r, 1.0)
        return g.tolist(), float(gs)

    return f, gradient


@derivation([0.8, 1.7], [0.35, 0.6])
def reflectance_of_a_coated_glass() -> Any:
    lam = 1.3

    def f(idx: Any, g: Any) -> Any:
        n1, n2 = n("n1", idx[0] + 1.0), n("n2", idx[1])
        th, d = n("th", g[0]), n("d", g[1])
        s0 = n("s0", sin(th))
        s1 = n("s1", s0 / n1)
        q1 = n("q1", s1**2)
        c1 = n("c1", sqrt(1.0 - q1))
        opt = n("opt", n("nd", n1 * d) * c1)
        del_ = n("phase", (4 * math.pi / lam) * opt)
        c0 = n("c0", cos(th))
        nc = n("nc", n1 * c1)
        ra = n("ra", n("am", c0 - nc) / n("ap", c0 + nc))
        rb = n("rb", n("bm", n1 - n2) / n("bp", n1 + n2))
        cp = n("cp", cos(del_))
        ab = n("ab", ra * rb)
        x = n("x", n("abc", ab * cp) * 2.0)
        aa, bb = n("aa", ra**2), n("bb", rb**2)
        return n("R", n("quad", aa + bb) + x)

    def gradient(slip: Slip, idx: Any, g: Any) -> Any:
        n1, n2, th, d = idx[0] + 1, idx[1], g[0], g[1]
        s0, c0 = math.sin(th), math.cos(th)
        s1 = s0 / n1
        c1 = math.sqrt(1 - s1**2)
        k = 4 * math.pi / lam
        ph = k * n1 * d * c1
        nc = n1 * c1
        ra, rb = (c0 - nc) / (c0 + nc), (n1 - n2) / (n1 + n2)
        dra = 2 * ra + 2 * rb * math.cos(ph)
        drb = 2 * rb + slip("own coefficient in the mixed term @ ab>rb", 2 * ra, 2 * rb) * math.cos(ph)
        dph = -2 * ra * rb * math.sin(ph)
        dph = slip("sign of the cosine's slope @ cp", dph, -dph)
        dc0 = dra * 2 * nc / (c0 + nc) ** 2
        dc0 = slip("numerator 2nc simplified to 2 @ ra|am|ap", dc0, dra * 2 / (c0 + nc) ** 2)
        dnc = (
            -dra
            * 2
            * slip("refracted, not incident, cosine in the numerator @ ra|am>nc|ap>nc", c0, nc)
            / (c0 + nc) ** 2
        )
        dn1 = drb * 2 * n2 / (n1 + n2) ** 2
        dn2 = drb * slip("plus for the second index @ rb|bm>n2|bp>n2", -2 * n1, 2 * n1) / (n1 + n2) ** 2
        dn1 += dnc * c1 + slip("index forgotten in the path's length @ nd>n1", dph * k * d * c1, 0.0)
        dc1 = dnc * n1 + dph * k * n1 * slip("thickness dropped from the phase's slope @ opt>c1", d, 1.0)
        ds1 = dc1 * -s1 / c1
        ds1 = slip("root's derivative with c1 squared @ c1", ds1, -dc1 * s1 / c1**2)
        dn1 += slip("angle inside held fixed while the index moves @ s1>n1", -ds1 * s0 / n1**2, 0.0)
        dth = ds1 * c0 / n1 - slip("incident cosine's slope along its angle forgotten @ c0", dc0 * s0, 0.0)
        gd = dph * k * n1 * c1
        return [dn1, dn2], [dth, gd]

    return f, gradient


@derivation(2.5, 0.4, 1.2)
def sound_level_behind_a_barrier() -> Any:
    c, p0 = 3.4, 0.02

    def f(W: Any, h: Any, fr: Any) -> Any:
        W, h, fr = n("W", W), n("h", h), n("fr", fr)
        h2 = n("h2", h**2)
        u = n("u", sqrt(4.0 + h2))
        v = n("v", sqrt(9.0 + h2))
        path = n("path", u + v)
        det = n("detour", path - 5.0)
        N = n("N", (2.0 / c) * n("dfr", det * fr))
        X = n("X", 3.0 + n("N20", 20.0 * N))
        bar = n("bar", 10.0 * log10(X))
        p2 = n("p2", path**2)
        inten = n("int", W / p2)
        L = n("L", 10.0 * n("lg", log10(n("rel", inten / p0))))
        return n("level", L - bar)

    def gradient(slip: Slip, W: Any, h: Any, fr: Any) -> Any:
        u, v = math.sqrt(4 + h * h), math.sqrt(9 + h * h)
        path = u + v
        det = path - 5
        X = 3 + 20 * 2 / c * det * fr
        ten = slip("natural logarithm's slope in the barrier @ bar", 10 / math.log(10), 10.0)
        dX = -ten / X
        dX = slip("three of the barrier's formula lost in the slope @ bar|X", dX, -ten / (X - 3))
        drel = slip("twenty decibels for a power @ L", 10, 20) / math.log(10)
        dN = slip("twenty of the barrier's formula lost @ N20", 20 * dX, dX)
        gW = drel / W
        dpath = -2 * drel / path
        dpath = slip("inverse square's two lost @ p2|lg", dpath, dpath / 2)
        dpath = slip("detour's dependence on the height dropped @ detour", dpath + dN * 2 / c * fr, dpath)
        gh = dpath * h * slip("roots added before they were inverted @ u|v|path", 1 / u + 1 / v, 1 / (u + v))
        gf = dN * 2 / c * slip("path for its detour @ dfr>fr", det, path)
        return gW, gh, gf

    return f, gradient


@derivation([0.7, 0.4, 1.3], [0.05, 0.2])
def pressure_drop_in_a_pipe() -> Any:
    L, rho, nu, g = 12.0, 1.0, 0.001, 9.81

    def f(p: Any, e: Any) -> Any:
        D, Q, z = n("D", p[0]), n("Q", p[1]), n("z", p[2])
        k, zeta = n("k", e[0] * 0.1), n("zeta", e[1])
        D2 = n("D2", D**2)
        area = n("area", 0.25 * math.pi * D2)
        v = n("v", Q / area)
        vD = n("vD", v * D)
        Re = n("Re", vD / nu)
        r9 = n("r9", Re**0.9)
        t = n("t", 5.74 / r9)
        kD = n("kD", k / D)
        arg = n("arg", n("kd37", kD / 3.7) + t)
        lg = n("lg", log10(arg))
        fr = n("fr", 0.25 / n("lg2", lg**2))
        LD = n("LD", L / D)
        loss = n("loss", n("frL", fr * LD) + zeta)
        v2 = n("v2", v**2)
        dyn = n("dyn", 0.5 * rho * v2)
        return n("dp", n("fric", loss * dyn) + n("stat", rho * g * z))

    def gradient(slip: Slip, p: Any, e: Any) -> Any:
        D, Q, _ = p
        k, zeta = 0.1 * e[0], e[1]
        area = math.pi * D * D / 4
        v = Q / area
        Re = v * D / nu
        arg = k / D / 3.7 + 5.74 / Re**0.9
        lg = math.log10(arg)
        fr = 0.25 / lg**2
        loss = fr * L / D + zeta
        dyn = rho * v * v / 2
        gzeta = dyn
        dfr = dyn * L / D
        dlg = dfr * slip("square's two lost under the line @ lg2|fr", -0.5, -0.25) / lg**3
        darg = dlg / arg / slip("ln 10 forgotten @ lg", math.log(10), 1.0)
        dRe = darg * 5.74 * -0.9 * Re ** slip("exponent -0.9 not lowered @ r9", -1.9, -0.9)
        dv = loss * rho * v + slip("Reynolds number's dependence on the speed dropped @ vD>v", dRe * D / nu, 0.0)
        gk = darg / 3.7 / D
        gD = -dyn * fr * L / D**2
        gD += slip("relative roughness at fixed diameter @ kD>D", -darg * k / 3.7 / D**2, 0.0)
        gD += dRe * v / nu
        gD += dv * slip("speed's power of the diameter: one for two @ D2|v>area", -2 * v / D, -v / D)
        gD = slip(
            "length over diameter differentiated as their product @ LD", gD, gD + dyn * fr * L / D**2 + dyn * fr * L
        )
        gQ = dv * slip("area multiplied, not divided @ v>Q", 1 / area, area)
        gz = rho * slip("gravity twice @ stat", g, 2 * g)
        return [gD, gQ, gz], [slip("unit of the roughness forgotten @ k", 0.1, 1.0) * gk, gzeta]

    return f, gradient


# ---------------------------------------------------------------- control, filters, grids, geometry


@derivation([1.2, 0.5, 0.3], 0.4)
def step_response_under_a_pid_controller() -> Any:
    dt, goal = 0.2, 1.0

    def f(gains: Any, a: Any) -> Any:
        kp, ki, kd = n("kp", gains[0]), n("ki", gains[1]), n("kd", gains[2])
        a = n("a", a)
        y, I, ep, cost = 0.1, 0.0, goal - 0.1, 0.0
        for k in range(1, 5):
            e = n(f"e{k}", goal - y)
            I = n(f"I{k}", I + n(f"ed{k}", dt * e))
            de = n(f"de{k}", e - ep)
            D = n(f"D{k}", de / dt)
            u = n(f"u{k}", dot([kp, ki, kd], [e, I, D]))
            ay = n(f"ay{k}", a * y)
            v = n(f"v{k}", u - ay)
            y = n(f"y{k}", y + n(f"dv{k}", dt * v))
            ep = e
            cost = cost + n(f"c{k}", n(f"r{k}", goal - y) ** 2)
        return n("J", dt * cost)

    def gradient(slip: Slip, gains: Any, a: Any) -> Any:
        kp, ki, kd = gains
        ys, es, Is, Ds = [0.1], [], [], []
        I, ep = 0.0, goal - 0.1
        for _ in range(4):
            e = goal - ys[-1]
            I += dt * e
            es.append(e)
            Is.append(I)
            Ds.append((e - ep) / dt)
            ys.append(ys[-1] + dt * (kp * e + ki * I + kd * (e - ep) / dt - a * ys[-1]))
            ep = e
        gp = gi = gd = ga = 0.0
        dy = dI = de_next = 0.0
        for k in (3, 2, 1, 0):
            dy = dy - dt * 2 * slip("error before the step in the cost @ c*", goal - ys[k + 1], es[k])
            du = dt * dy
            gp += du * es[k]
            gi += du * slip("last error in place of its integral @ u*>ki", Is[k], es[k])
            gd += du * slip("difference not divided by the step @ u*>kd", Ds[k], Ds[k] * dt)
            ga -= du * slip("output after the step @ ay*>a", ys[k], ys[k + 1])
            dI = dI * slip("integrator forgets the later steps @ I3>I2|I4>I3", 1.0, 0.0) + du * ki
            de = du * kp + dt * dI + du * kd / dt
            de -= slip("previous error's place in the derivative forgotten @ de3>e2|de4>e3", de_next, 0.0)
            de = slip("integral's step width dropped @ ed*", de, de - dt * dI + dI)
            de_next = du * kd / dt
            dy_old = dy - du * a
            dy = dy_old + slip("feedback through the error: minus forgotten @ e?", -de, de)
            dy = slip("plant's own decay dropped @ ay*>y*", dy, dy + du * a)
        return [gp, gi, gd], ga

    return f, gradient


@derivation([0.5, -0.3], [0.4, 0.2, -0.1])
def second_order_recursive_filter() -> Any:
    xs, target = [1.0, 0.5, -0.8, 0.3, 0.9], [0.2, 0.4, 0.1, -0.3, 0.2]

    def f(a: Any, b: Any) -> Any:
        a1, a2 = n("a1", a[0]), n("a2", a[1])
        b = [n(f"b{i}", v) for i, v in enumerate(b)]
        x = [0.0, 0.0] + xs
        y = [0.1, -0.2]
        sq = []
        for t in range(5):
            yt = n(f"y{t}", dot(b + [a1, a2], [x[t + 2], x[t + 1], x[t], y[-1], y[-2]]))
            y.append(yt)
            sq.append(n(f"sq{t}", n(f"r{t}", yt - target[t]) ** 2))
        return n("mse", sum(sq) / 5.0)

    def gradient(slip: Slip, a: Any, b: Any) -> Any:
        a1, a2 = a
        x = [0.0, 0.0] + xs
        y = [0.1, -0.2]
        for t in range(5):
            y.append(b[0] * x[t + 2] + b[1] * x[t + 1] + b[2] * x[t] + a1 * y[-1] + a2 * y[-2])
        # sensitivities forward in time: s holds the slopes of y along a1, a2, b0, b1, b2
        s1, s2 = np.zeros(5), np.zeros(5)
        g = np.zeros(5)
        for t in range(5):
            direct = A(
                [
                    slip("present output as the first feedback sample @ y?>a1", y[t + 1], y[t + 2]),
                    slip("delay of one for the second feedback @ y?>a2", y[t], y[t + 1]),
                    x[t + 2],
                    x[t + 1],
                    slip("delays of the last tap: one short @ y?>b2", x[t], x[t + 1]),
                ]
            )
            s = direct + slip("recursion dropped: outputs taken as data @ y?>y?", a1 * s1 + a2 * s2, 0.0 * s1)
            s = slip("feedback coefficients swapped @ y?>y?", s, direct + a2 * s1 + a1 * s2)
            s = slip("only the last output's sensitivity carried on @ y2>y0|y3>y1|y4>y2", s, direct + a1 * s1)
            g += slip("squares' two lost @ sq*", 2, 1) * (y[t + 2] - target[t]) * s / 5
            s1, s2 = s, s1
        return g[:2].tolist(), g[2:].tolist()

    return f, gradient


@derivation([0.2, 0.9, -0.4, 0.6, 1.1], 0.3)
def explicit_heat_equation_two_steps() -> Any:
    want = A([0.1, 0.4, 0.2, 0.5, 0.8])

    def f(u: Any, al: Any) -> Any:
        al = n("alpha", al)
        u = [n(f"u0{i}", v) for i, v in enumerate(u)]
        for k in (1, 2):
            L = []
            for i in range(5):
                if i == 0:
                    L.append(n(f"L{k}0", u[1] - u[0]))
                elif i == 4:
                    L.append(n(f"L{k}4", u[3] - u[4]))
                else:
                    L.append(n(f"L{k}{i}", dot([1.0, -2.0, 1.0], u[i - 1 : i + 2])))
            u = [n(f"u{k}{i}", u[i] + n(f"d{k}{i}", al * L[i])) for i in range(5)]
        e = [n(f"e{i}", u[i] - float(want[i])) for i in range(5)]
        return n("J", 0.5 * n("ss", dot(e, e)))

    def gradient(slip: Slip, u: Any, al: Any) -> Any:
        M = np.diag([-1.0, -2, -2, -2, -1]) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
        u0 = A(u)
        u1 = u0 + al * M @ u0
        u2 = u1 + al * M @ u1
        d2 = u2 - want
        back = slip("border cells differentiated as inner ones @ L?0>u*|L?4>u*", M, M - np.diag([1.0, 0, 0, 0, 1]))
        back = slip("flux at the right wall with its sign turned @ L?4", back, back * A([[1.0], [1], [1], [1], [-1]]))
        back = slip("neighbours' share forgotten: own cell only @ L*", back, np.diag(np.diag(M)))
        d1 = d2 + al * back.T @ d2
        d0 = d1 + al * back.T @ d1
        d0 = slip("identity of the update lost in one step @ u1?>u0?", d0, al * back.T @ d1)
        ga = d2 @ (M @ slip("first field for both steps @ d2?>alpha", u1, u0)) + d1 @ (M @ u0)
        ga = slip("last step alone for the diffusivity @ d1?>alpha", ga, d2 @ (M @ u1))
        return d0.tolist(), float(
            slip("minus of the Laplacian's two lost in one cell @ d11>alpha|L11", ga, ga + 4 * d1[1] * u0[1])
        )

    return f, gradient


@derivation([0.3, 0.5], [0.9, -0.2], 0.6)
def kalman_update_and_prediction() -> Any:
    z = 1.4

    def f(x: Any, F: Any, r: Any) -> Any:
        m, P = n("m", x[0]), n("P", x[1])
        a, q = n("a", F[0]), n("lq", F[1])
        r = n("r", r)
        am = n("am", a * m)
        a2 = n("asq", a**2)
        aP = n("aP", a2 * P)
        Q = n("Q", exp(q))
        Pp = n("Pp", aP + Q)
        S = n("S", Pp + r)
        K = n("K", Pp / S)
        nu = n("nu", z - am)
        m1 = n("m1", am + n("Knu", K * nu))
        g = n("g", 1.0 - K)
        P1 = n("P1", g * Pp)
        nis = n("nis", n("nu2", nu**2) / S)
        ll = n("ll", 0.5 * n("fit", nis + log(S)))
        return n("J", n("track", m1**2) + n("all", P1 + ll))

    def gradient(slip: Slip, x: Any, F: Any, r: Any) -> Any:
        (m, P), (a, q) = x, F
        am, Q = a * m, math.exp(q)
        Pp = a * a * P + Q
        S = Pp + r
        K = Pp / S
        nu = z - am
        m1 = am + K * nu
        dm1 = 2 * m1
        dK = dm1 * nu - slip("posterior variance: gain's dependence dropped @ P1>g|g", Pp, 0.0)
        dnu = dm1 * K + slip("innovation's half of the likelihood forgotten @ ll|nis|nu2", nu / S, 2 * nu / S)
        dS = slip("log determinant dropped from the likelihood @ fit", 0.5 / S, 0.0) - 0.5 * nu**2 / slip(
            "innovation's variance not squared @ nis>S", S**2, S
        )
        dS -= slip("gain's denominator held fixed @ K>S", dK * Pp / S**2, 0.0)
        dPp = dS + dK / S + (1 - K)
        dam = slip("innovation's minus lost @ nu", dm1 - dnu, dm1 + dnu)
        da = dam * m + slip("transition once for its square @ asq", 2 * a, a) * P * dPp
        da = slip("transition's place in the variance forgotten @ asq|aP>asq", da, dam * m)
        dq = dPp * slip("variance left as its logarithm's derivative one @ Q", Q, 1.0)
        dP = dPp * slip("transition not squared for the variance @ aP>P", a * a, a)
        return (
            [float(dam * a), float(dP)],
            [float(da), float(dq)],
            float(slip("measurement noise reaches only the gain @ S>r", dS, -dK * Pp / S**2)),
        )

    return f, gradient


@derivation([0.3, 0.85], 1.4)
def kepler_equation_by_newton() -> Any:
    def f(el: Any, a: Any) -> Any:
        M, e = n("M", el[0]), n("ecc", el[1])
        a = n("a", a)
        E = n("E0", M + n("eM", e * n("sM", sin(M))))
        for k in (1, 2):
            s, c = n(f"sin{k}", sin(E)), n(f"cos{k}", cos(E))
            es, ec = n(f"es{k}", e * s), n(f"ec{k}", e * c)
            g = n(f"g{k}", n(f"Ees{k}", E - es) - M)
            h = n(f"h{k}", 1.0 - ec)
            E = n(f"E{k}", E - n(f"st{k}", g / h))
        ec = n("ec", e * n("cE", cos(E)))
        return n("r", a * n("f", 1.0 - ec))

    def gradient(slip: Slip, el: Any, a: Any) -> Any:
        M, e = el
        E = [M + e * math.sin(M)]
        for _ in range(2):
            E.append(E[-1] - (E[-1] - e * math.sin(E[-1]) - M) / (1 - e * math.cos(E[-1])))
        sE, cE = math.sin(E[2]), math.cos(E[2])
        ga = slip("semi-axis differentiated with the minus lost @ r>a", 1 - e * cE, 1 + e * cE)
        dE = a * e * slip("minus of the cosine not cancelled @ cE", sE, -sE)
        de = slip("eccentricity in front of the final cosine forgotten @ ec>ecc", -a * cE, 0.0)
        dM = 0.0
        for k in (1, 0):
            s, c = math.sin(E[k]), math.cos(E[k])
            g, h = E[k] - e * s - M, 1 - e * c
            dg, dh = -dE / h, dE * g / h**2
            dh = slip("Newton's denominator squared once too little @ st?>h?", dh, dE * g / h)
            de += -dg * slip("sine at the converged angle @ es?>ecc", s, sE)
            de += slip("eccentricity in the denominator with a plus @ h?|ec?>ecc", -dh * c, dh * c)
            dM -= slip("mean anomaly in the residual with a plus @ g?>M", dg, -dg)
            dE = (
                dE
                + dg * slip("residual's slope: cosine's term dropped @ es?>sin?|Ees?>es?|sin?", 1 - e * c, 1.0)
                + dh * e * s
            )
        dM += dE * slip("starting value's sine forgotten @ eM>sM|sM", 1 + e * math.cos(M), 1.0)
        de += dE * slip("starting value taken without the eccentricity @ eM>ecc", math.sin(M), 0.0)
        return [dM, de], ga

    return f, gradient


@derivation([0.8, 0.2, -0.4, 0.3], [1.0, -0.6, 0.5])
def vector_turned_by_a_quaternion() -> Any:
    t = A([0.4, 1.1, -0.7])

    def f(q: Any, p: Any) -> Any:
        q = [n(f"q{i}", v) for i, v in enumerate(q)]
        p = [n(f"p{i}", v) for i, v in enumerate(p)]
        N2 = n("N2", dot(q, q))
        N = n("N", sqrt(N2))
        w, x, y, z = [n(f"h{i}", v / N) for i, v in enumerate(q)]
        v = [x, y, z]
        cr = lambda a, b, m: [
            n(
                f"{m}{i}",
                n(f"{m}{i}a", a[(i + 1) % 3] * b[(i + 2) % 3]) - n(f"{m}{i}b", a[(i + 2) % 3] * b[(i + 1) % 3]),
            )
            for i in range(3)
        ]
        c = cr(v, p, "c")
        d = cr(v, c, "d")
        wc = [n(f"wc{i}", w * c[i]) for i in range(3)]
        s = [n(f"s{i}", wc[i] + d[i]) for i in range(3)]
        r = [n(f"r{i}", p[i] + n(f"tw{i}", 2.0 * s[i])) for i in range(3)]
        return n("out", dot(t.tolist(), r))

    def gradient(slip: Slip, q: Any, p: Any) -> Any:
        q, p = A(q), A(p)
        N = np.linalg.norm(q)
        h = q / N
        w, v = h[0], h[1:]
        c = np.cross(v, p)
        ds = slip("two of the formula lost on the way back @ tw*", 2, 1) * t
        dw = slip("scalar part multiplies the turned vector @ wc*>h0", ds @ c, ds @ np.cross(v, c))
        dc = w * ds + slip("second product: order of the factors @ d?a>c?|d?b>c?", np.cross(ds, v), np.cross(v, ds))
        dv = np.cross(c, ds) + np.cross(p, dc)
        dv = slip("double product: outer vector held fixed @ d?a>h?|d?b>h?", dv, np.cross(p, dc))
        gp = t + np.cross(dc, v)
        gp = slip("vector itself, the identity part, forgotten @ r*>p*", gp, np.cross(dc, v))
        dh = np.concatenate([[dw], dv])
        gq = (dh - slip("projection by the length of the normalisation dropped @ h*>N|N", (dh @ h) * h, 0 * h)) / N
        gq = slip("projection with the raw components @ N|N2|h*>N", gq, (dh - (dh @ h) * q) / N)
        gq = slip("sum over the vector part only, scalar's share lost @ h0>N", gq, (dh - (dv @ v) * h) / N)
        return gq.tolist(), gp.tolist()

    return f, gradient


@derivation([0.4, -0.2, 0.1], 0.7, -1.2)
def gaussian_process_with_two_points() -> Any:
    y = A([0.5, -0.8])

    def f(x: Any, ll: Any, ln: Any) -> Any:
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        ll, ln = n("ll", ll), n("ln", ln)
        ell = n("ell", exp(ll))
        s = n("s", exp(ln))
        u = n("u", n("dx", x[0] - x[1]) / ell)
        u2 = n("u2", u * u)
        k = n("k", exp(n("ex", -0.5 * u2)))
        a = n("a", 1.0 + s)
        a2, k2 = n("aa", a * a), n("kk", k * k)
        det = n("det", a2 - k2)
        r0, r1 = n("res0", float(y[0]) - x[2]), n("res1", float(y[1]) - x[2])
        ss = n("ss", n("rr0", r0 * r0) + n("rr1", r1 * r1))
        rr = n("cross", r0 * r1)
        num = n("num", n("ass", a * ss) - n("two", 2.0 * n("krr", k * rr)))
        quad = n("quad", num / det)
        return n("nll", 0.5 * n("both", quad + n("ld", log(det))))

    def gradient(slip: Slip, x: Any, ll: Any, ln: Any) -> Any:
        ell, s = math.exp(ll), math.exp(ln)
        u = (x[0] - x[1]) / ell
        k, a = math.exp(-0.5 * u * u), 1 + s
        r = y - x[2]
        det = a * a - k * k
        num = a * (r @ r) - 2 * k * r[0] * r[1]
        dnum = 0.5 / det
        ddet = slip(
            "quadratic form's half lost against the determinant @ both>quad|quad>det",
            -0.5 * num / det**2,
            -num / det**2,
        )
        ddet += 0.5 / slip("slope of log det written with the root of it @ ld", det, math.sqrt(det))
        dk = -2 * dnum * r[0] * r[1] - ddet * 2 * k
        dk = slip("off-diagonal element counted once in the determinant @ kk", dk, dk + ddet * k)
        dk = slip("determinant's dependence on the correlation dropped @ det>kk", dk, dk + ddet * 2 * k)
        da = dnum * (r @ r) + slip("noise on one diagonal element only @ aa", 2 * a, a) * ddet
        du = -dk * k * slip("exponent's inner slope: u squared @ u2|ex", u, u * u)
        gx = [du / ell, slip("both inputs move the distance alike @ dx>x1", -1, 1) * du / ell]
        mix = slip("cross term's second half forgotten @ cross>res1|cross>res0", r[0] + r[1], r[1])
        gm = -dnum * (2 * a * r.sum() - 2 * k * mix)
        pri = slip("prior of the length left in @ -", 0.0, ll)
        gl = pri + slip("length by itself, not by its logarithm @ ell", -du * u, -du * u / ell)
        return gx + [float(gm)], float(gl), float(da * slip("noise taken as its own parameter @ s", s, 1.0))

    return f, gradient


@derivation([0.6, -0.2, 0.4], [0.5, 0.1, -0.3], [-0.4, 0.8, 0.9])
def triplet_margin_with_squared_distances() -> Any:
    def f(a: Any, p: Any, q: Any) -> Any:
        out = {}
        for m, o in (("p", p), ("q", q)):
            d = [n(f"d{m}{i}", n(f"a{i}", a[i]) - n(f"{m}{i}", o[i])) for i in range(3)]
            out[m] = n(f"D{m}", dot(d, d))
        gap = n("gap", out["p"] - n("Rq", sqrt(out["q"])))
        m = n("m", gap + 1.9)
        h = n("h", relu(m))
        return n("loss", n("sqh", h * h) + n("reg", 0.1 * out["q"]))

    def gradient(slip: Slip, a: Any, p: Any, q: Any) -> Any:
        a, p, q = A(a), A(p), A(q)
        dp, dq = a - p, a - q
        R = math.sqrt(dq @ dq)
        h = max(dp @ dp - R + 1.9, 0)
        dh = 2 * slip("hinge squared differentiated as the hinge @ sqh", h, 0.5)
        gDp = dh * slip("two of the positive distance lost @ Dp", 2, 1)
        back = slip("root's derivative without its denominator @ Rq", -dh / R, -dh) * dq
        reg = slip("regulariser's sign drawn into the negative distance's @ loss>reg|reg", 0.2, -0.2) * dq
        ga = gDp * dp + slip("anchor's place in the negative distance forgotten @ dq?>a?", back + reg, 0 * dq)
        gq = -(back + reg)
        gq = slip("margin's pull on the negative with the anchor's sign @ dq?>q?", gq, -gq)
        return (
            ga.tolist(),
            slip("positive moved along the negative's difference @ dp?>p?", -gDp * dp, -gDp * dq).tolist(),
            gq.tolist(),
        )

    return f, gradient


@derivation([0.5, 1.2, 0.9, 2.0, 1.6])
def smoothed_total_variation_with_curvature() -> Any:
    y = A([0.7, 1.0, 1.1, 1.7, 1.9])

    def f(x: Any) -> Any:
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        fit = n("fit", sum(n(f"sq{i}", n(f"r{i}", x[i] - float(y[i])) ** 2) for i in range(5)))
        tv = []
        for i in range(4):
            d = n(f"d{i}", x[i + 1] - x[i])
            s = n(f"s{i}", d * d)
            tv.append(n(f"t{i}", sqrt(s + 0.01)))
        c = [n(f"c{i}", dot([1.0, -2.0, 1.0], x[i : i + 3])) for i in range(3)]
        cc = n("cc", dot(c, c))
        a = n("half", 0.5 * fit)
        b = n("tv", 0.3 * n("tvs", sum(tv)))
        return n("J", n("ab", a + b) + n("curv", 0.2 * cc))

    def gradient(slip: Slip, x: Any) -> Any:
        x = A(x)
        d = np.diff(x)
        w = 0.3 * d / np.sqrt(d**2 + 0.01)
        w = slip("smoothing constant left out of the slope @ t0|t1|t2|t3", w, 0.3 * np.sign(d))
        w = slip("two of the square not cancelled against the root's half @ s?|t0|t1|t2|t3", w, 2 * w)
        g = slip("fit's half forgotten @ half|sq*", x - y, 2 * (x - y))
        tv = np.zeros(5)
        tv[1:] += w
        tv[:-1] += slip("right neighbour's difference with a plus @ d?>x?", -w, w)
        tv = slip("last sample without its only difference @ d3>x4", tv, tv * A([1.0, 1, 1, 1, 0]))
        c = x[2:] - 2 * x[1:-1] + x[:-2]
        k = np.zeros(5)
        k[2:] += c
        k[1:-1] -= slip("middle's weight of two lost @ c?>x*", 2, 1) * c
        k[:-2] += c
        k = 0.4 * k
        k = slip("fourth difference at the border as inside @ c0>x0|c2>x4", k, k * A([-2.0, 1, 1, 1, -2]))
        return (g + tv + slip("curvature's weight not doubled by the square @ cc|curv", k, k / 2)).tolist()

    return f, gradient


@derivation([0.4, -0.3], [1.1, 0.6])
def temporal_difference_target_through_a_shared_net() -> Any:
    feats, rew, disc = A([[1.0, 0.2], [0.3, 0.9], [-0.5, 0.7]]), [0.5, -0.2], 0.9

    def f(w: Any, c: Any) -> Any:
        w = [n("w0", w[0]), n("w1", w[1])]
        tau, gain = n("tau", c[0]), n("gain", c[1])
        z = [n(f"z{i}", dot(w, feats[i].tolist())) for i in range(3)]
        v = [n(f"v{i}", gain * n(f"h{i}", tanh(z[i]))) for i in range(3)]
        out = []
        for i in range(2):
            dv = n(f"dv{i}", disc * v[i + 1])
            tgt = n(f"tgt{i}", rew[i] + dv)
            e = n(f"e{i}", tgt - v[i])
            out.append(n(f"l{i}", e / tau))
        q = [n(f"q{i}", a * a) for i, a in enumerate(out)]
        return n("loss", 0.5 * n("qs", q[0] + q[1]))

    def gradient(slip: Slip, w: Any, c: Any) -> Any:
        w, (tau, gain) = A(w), c
        h = np.tanh(feats @ w)
        v = gain * h
        e = A([rew[i] + disc * v[i + 1] - v[i] for i in range(2)])
        dl = e / tau
        dl = slip("sum's half taken for each of two as a mean @ loss|qs|q*", dl, dl / 2)
        de = dl / tau
        dv = np.zeros(3)
        dv[:2] -= de
        dv[1:] += slip("target held fixed: semi-gradient @ tgt*|e*>tgt*|dv*", disc * de, 0 * de)
        dv[1:] += slip("discount forgotten behind the target @ dv?", 0 * de, (1 - disc) * de)
        dh = gain * dv
        dz = dh * slip("activation squared, one not subtracted @ h*", 1 - h**2, -(h**2))
        gw = slip("features of the state before @ z*>w*", feats.T @ dz, np.roll(feats, 1, axis=0).T @ dz)
        gg = dv @ slip("scaled value for the bare activation @ v*>gain", h, v)
        gt = -np.sum(dl * e) / slip("temperature's square lost @ l*>tau", tau**2, tau)
        gt = slip("temperature decays: an entropy term that is not in the loss @ -", gt, gt - 1 / tau)
        return gw.tolist(), [float(gt), float(gg)]

    return f, gradient


@derivation([0.3, 0.8], [0.5, 0.4], 2.0)
def voltage_divider_with_a_lossy_coil() -> Any:
    def f(RL: Any, C: Any, w: Any) -> Any:
        R, L = n("R", RL[0]), n("L", RL[1])
        C1, Rl = n("C", C[0]), n("Rload", C[1])
        w = n("omega", w)
        x = n("X", n("wL", w * L) - n("Xc", 1.0 / n("wC", w * C1)))
        Rt = n("Rt", R + Rl)
        x2, R2 = n("X2", x**2), n("R2", Rt**2)
        Z2 = n("Z2", R2 + x2)
        Z = n("Z", sqrt(Z2))
        G = n("G", Rl / Z)
        db = n("dB", 20.0 * log10(G))
        ph = n("phi", atan2(x, Rt))
        deg = n("deg", (180 / math.pi) * ph)
        return n("J", db + n("pen", 0.05 * deg))

    def gradient(slip: Slip, RL: Any, C: Any, w: Any) -> Any:
        R, L = RL
        C1, Rl = C
        x = w * L - 1 / (w * C1)
        Rt = R + Rl
        Z2 = Rt**2 + x**2
        k = 20 / slip("decibels from the natural logarithm @ dB", math.log(10), 1.0)
        q = 0.05 * slip("phase left in radians @ deg", 180 / math.pi, 1.0)
        dx = -k * x / Z2 + q * Rt / Z2
        dx = slip("arctangent's slope without the scale of its ratio @ phi>X", dx, -k * x / Z2 + q / Z2)
        dx = slip("impedance for its square below the reactance @ Z|X2|Z2>X2", dx, -k * x / math.sqrt(Z2) + q * Rt / Z2)
        dRt = -k * Rt / Z2 - slip("phase falls with the resistance: sign @ phi>Rt", q * x / Z2, -q * x / Z2)
        gRl = k / Rl + slip("load in the whole resistance forgotten @ Rt>Rload", dRt, 0.0)
        gRl = slip("load's own place in the numerator forgotten @ G>Rload", gRl, dRt)
        gC = dx / (w * C1**2)
        gC = slip("capacitor's reactance falls: minus lost with the other @ X>Xc|Xc|wC>C", gC, -gC)
        gw = dx * (
            L + slip("frequency's square lost in the capacitor's part @ Xc|wC>omega", 1 / (w**2 * C1), 1 / (w * C1))
        )
        return (
            [dRt, dx * slip("frequency missing before the coil @ wL>L", w, 1.0)],
            [gC, gRl],
            slip("bracket lost: only the coil's part multiplied @ wC>omega", gw, dx * L + 1 / (w**2 * C1)),
        )

    return f, gradient


# ---------------------------------------------------------------- matrices, tables, recursions of a likelihood


@derivation([[0.6, -0.4], [0.9, 0.3]], [[0.2, 0.7], [-0.5, 1.1]], [0.8, -0.3])
def two_square_layers_and_a_quadratic_form() -> Any:
    Q = A([[1.0, 0.6], [-0.2, 0.8]])

    def f(U: Any, V: Any, x: Any) -> Any:
        U = [[n(f"U{i}{j}", U[i][j]) for j in range(2)] for i in range(2)]
        V = [[n(f"V{i}{j}", V[i][j]) for j in range(2)] for i in range(2)]
        x = [n(f"x{i}", v) for i, v in enumerate(x)]
        h = [n(f"h{i}", dot(U[i], x)) for i in range(2)]
        z = [n(f"z{i}", dot(V[i], h)) for i in range(2)]
        a = [n(f"a{i}", tanh(v)) for i, v in enumerate(z)]
        qa = [n(f"qa{i}", dot(Q[i].tolist(), a)) for i in range(2)]
        return n("form", dot(a, qa))

    def gradient(slip: Slip, U: Any, V: Any, x: Any) -> Any:
        U, V, x = A(U), A(V), A(x)
        h = U @ x
        a = np.tanh(V @ h)
        da = slip("form taken as symmetric: 2Qa @ qa*", (Q + Q.T) @ a, 2 * Q @ a)
        da = slip("only the left place of the vector @ qa*|form>qa*", da, Q @ a)
        dz = da * (1 - a**2)
        gV = slip("outer product the wrong way round @ z*>V*", np.outer(dz, h), np.outer(h, dz))
        dh = slip("matrix not transposed on the way back @ z*>h*", V.T @ dz, V @ dz)
        dh = slip("first layer's matrix for the second's @ z*>h*", dh, U.T @ dz)
        dh = slip("second layer skipped on the way back @ z*>h*", dh, dz)
        gU = slip("hidden values where the inputs belong @ h*>U*", np.outer(dh, x), np.outer(dh, h))
        gx = slip("last matrix not transposed @ h*>x*", U.T @ dh, U @ dh)
        return gU.tolist(), gV.tolist(), gx.tolist()

    return f, gradient


@derivation([[0.5, -0.2], [0.9, 0.4], [-0.7, 0.8]], [1.1, -0.6])
def bag_of_embeddings_with_a_repeated_token() -> Any:
    ids, mask, keep = [0, 2, 0, 1], A([1.0, 0.0]), 0.8

    def f(E: Any, w: Any) -> Any:
        E = [[n(f"E{t}{j}", v) for j, v in enumerate(row)] for t, row in enumerate(E)]
        w = [n(f"w{j}", v) for j, v in enumerate(w)]
        tot = [n(f"tot{j}", dot([1.0, 1.0, 1.0, 1.0], [E[t][j] for t in ids])) for j in range(2)]
        m = [n(f"mean{j}", v / 4.0) for j, v in enumerate(tot)]
        z = [n(f"z{j}", m[j] * w[j]) for j in range(2)]
        a = [n(f"a{j}", where(z[j] > 0, z[j], 0.1 * z[j])) for j in range(2)]
        d = [n(f"drop{j}", float((0.5 + mask[j]) / keep) * a[j]) for j in range(2)]
        ed = n("ed", exp(n("nd", -n("s", d[0] + d[1]))))
        return n("loss", log(n("one", 1.0 + ed)))

    def gradient(slip: Slip, E: Any, w: Any) -> Any:
        E, w = A(E), A(w)
        m = E[ids].mean(axis=0)
        z = m * w
        scale = (0.5 + mask) / slip("dropout's rescaling forgotten @ drop*", keep, 1.0)
        s = np.sum((0.5 + mask) / keep * np.where(z > 0, z, 0.1 * z))
        ds = -1 / (1 + math.exp(s))
        ds = slip(
            "sigmoid of the score for the sigmoid of its negative @ loss|one|ed|nd|s", ds, -1 / (1 + math.exp(-s))
        )
        dz = ds * scale * np.where(z > 0, 1.0, slip("leak taken as nought @ a*", 0.1, 0.0))
        gw = dz * slip("sum of the tokens in place of their mean @ z*>w*", m, 4 * m)
        dm = dz * w
        gE = np.zeros((3, 2))
        once = np.zeros((3, 2))
        for t in ids:
            gE[t] += dm / 4
            once[t] = dm / 4
        gE = slip("repeated token written, not added @ tot*>E0*", gE, once)
        gE = slip("divided by the number of different tokens @ mean*", gE, gE * 4 / 3)
        return gE.tolist(), gw.tolist()

    return f, gradient


@derivation([0.1, 0.15, 0.7], 0.05)
def likelihood_of_changing_variances() -> Any:
    y = [0.4, -0.9, 0.2, 1.1]

    def f(p: Any, mu: Any) -> Any:
        om, al, be = n("omega", p[0]), n("alpha", p[1]), n("beta", p[2])
        mu = n("mu", mu)
        v = 0.3
        cost = []
        for t in range(4):
            r = n(f"r{t}", y[t] - mu)
            sq = n(f"sq{t}", r**2)
            std = n(f"std{t}", sq / v)
            lv = n(f"lv{t}", log(v))
            cost.append(n(f"c{t}", std + lv))
            news = n(f"news{t}", al * sq)
            old = n(f"old{t}", be * v)
            v = n(f"v{t + 1}", n(f"on{t}", om + news) + old)
        return n("nll", 0.5 * n("tot", sum(cost)))

    def gradient(slip: Slip, p: Any, mu: Any) -> Any:
        om, al, be = p
        v = [0.3]
        r = A(y) - mu
        for t in range(4):
            v.append(om + al * r[t] ** 2 + be * v[-1])
        g = np.zeros(3)
        gm = 0.0
        dv = 0.0  # slope of the later costs along v[t + 1]
        for t in (3, 2, 1, 0):
            news = slip("residual, not its square, in the news @ news*>alpha", r[t] ** 2, r[t])
            news = slip("news of the step itself: one too late @ news?>alpha", news, r[min(t + 1, 3)] ** 2)
            g += dv * A([1.0, news, slip("variance after the update @ old?>beta", v[t], v[t + 1])])
            dsq = 0.5 / v[t] + slip("mean's path through the variances forgotten @ news?>sq?", dv * al, 0.0)
            gm -= dsq * 2 * r[t]
            own = 0.5 / v[t] - 0.5 * r[t] ** 2 / slip(
                "variance not squared under the residual @ std?>v?", v[t] ** 2, v[t]
            )
            own = slip("log variance's part dropped @ c1>lv1|c2>lv2|c3>lv3|lv?", own, own - 0.5 / v[t])
            own = slip(
                "derived by the deviation: 1/s - r^2/s^3 @ lv?|std?>v?",
                own,
                1 / math.sqrt(v[t]) - r[t] ** 2 / v[t] ** 1.5,
            )
            dv = own + slip("recursion cut: each variance on its own @ old?>v?", dv * be, 0.0)
            dv = slip("news' weight in place of the memory's @ old?>v?", dv, own + (dv - own) / be * al)
        gm = slip("square's two cancelled against the half a second time @ sq*", gm, gm / 2)
        return g.tolist(), gm

    return f, gradient


@derivation([[0.6, -0.3], [0.1, 0.9]], [[0.5, 0.8], [-0.7, 0.2]], 0.5)
def contrastive_loss_of_pairs() -> Any:
    def f(X: Any, Y: Any, tau: Any) -> Any:
        tau = n("tau", tau)
        X = [[n(f"x{i}{j}", v) for j, v in enumerate(r)] for i, r in enumerate(X)]
        Y = [[n(f"y{i}{j}", v) for j, v in enumerate(r)] for i, r in enumerate(Y)]
        L = []
        for i in range(2):
            d = [n(f"dot{i}{k}", dot(X[i], Y[k])) for k in range(2)]
            s = [n(f"s{i}{k}", v / tau) for k, v in enumerate(d)]
            e = [n(f"e{i}{k}", exp(v)) for k, v in enumerate(s)]
            t = n(f"t{i}", e[0] + e[1])
            L.append(n(f"l{i}", n(f"lt{i}", log(t)) - s[i]))
        return n("loss", n("both", L[0] + L[1]) / 2.0)

    def gradient(slip: Slip, X: Any, Y: Any, tau: Any) -> Any:
        X, Y = A(X), A(Y)
        D = X @ Y.T
        S = D / tau
        P = np.exp(S)
        P = P / slip(
            "normalised over the columns, not over the rows @ lt*|t?|t?>*",
            P.sum(axis=1, keepdims=True),
            P.sum(axis=0, keepdims=True),
        )
        G = (P - slip("positives' part of the similarity dropped @ l?>s*", np.eye(2), 0.0)) / slip(
            "mean over the pairs forgotten @ loss", 2, 1
        )
        inv = slip("temperature forgotten before the embeddings @ s*>dot*", 1 / tau, 1.0)
        gX = G @ Y * inv
        gY = slip("weights not transposed for the second set @ dot*>y*", G.T, G) @ X * inv
        gY = slip("only the positive reaches the second set @ dot01>y*|dot10>y*", gY, np.diag(np.diag(G)) @ X * inv)
        gt = -np.sum(G * slip("scaled similarities, with the square of the temperature, too @ s*>tau", D, S)) / tau**2
        gt = slip(
            "positives' share of the temperature's slope dropped @ s00>tau|s11>tau",
            gt,
            gt + (G[0, 0] * D[0, 0] + G[1, 1] * D[1, 1]) / tau**2,
        )
        return gX.tolist(), gY.tolist(), float(gt)

    return f, gradient
