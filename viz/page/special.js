// What JavaScript has of the table: its own functions, and those of many numbers.  Rules are printed below them.

const value = {
  power(a, b) {
    // C's pow says 1 where JavaScript says nan: 1 to any power, and (-1) to an infinite one (IEEE 754-2019, 9.2.1).
    if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
    return Math.pow(a, b);
  },
  fmod: (a, b) => a % b,
  sum: (...xs) => leftToRight(xs),
  dot(...xs) {
    const [weights, inputs, bias] = halves(xs);
    return leftToRight([...weights.map((w, i) => w * inputs[i]), ...bias]);
  },
  sqrt: Math.sqrt,
  cbrt: Math.cbrt,
  hypot: Math.hypot,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  log2: Math.log2,
  log10: Math.log10,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  atan2: Math.atan2,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  polygamma,
  logsumexp,
  log_softmax,
  softmax: (i, ...xs) => softmax(xs)[i],
  take: (i, ...table) => (i >= 0 && i < table.length ? table[Math.floor(i)] : NaN),
  locate: (x, ...knots) => (Number.isNaN(x) ? x : knots.slice(1, -1).filter((knot) => x >= knot).length),
};
const slopes = {
  take: (_y, i, ...table) => {
    const other = i >= 0 && i < table.length ? null : NaN;
    return [null, ...table.map((_, at) => (Math.floor(i) === at ? 1 : other))];
  },
  locate: (_y, ...xs) => xs.map(() => null),
};

// -- sums -------------------------------------------------------------------------------------------

/** Σ xs as the engine adds the operands of a node: one after another. */
const leftToRight = (xs) => (xs.length ? xs.reduce((sum, x) => sum + x) : 0);

/** Σ xs with what each addition rounds away added at the end (Neumaier 1974). */
function total(xs) {
  let sum = 0,
    lost = 0;
  for (const x of xs) {
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return Number.isFinite(lost) ? sum + lost : sum;
}

/** The operands of a dot, (w₁, … wₙ, x₁, … xₙ) and perhaps a bias, as [w, x, rest]. */
function halves(xs) {
  const n = xs.length >> 1;
  return [xs.slice(0, n), xs.slice(n, 2 * n), xs.slice(2 * n)];
}

// -- the derivatives of the gamma function's logarithm ----------------------------------------------

// B₂, B₄, … B₂₀, for asymptotic series (Abramowitz & Stegun 6.1.40, 6.3.18, 6.4.11).
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
];
/** ψ⁽ⁿ⁾(x), the n-th derivative of digamma; odd orders are +inf at the poles, even ones nan, digamma(0) is -inf. */
function polygamma(n, x) {
  if (!(n >= 0 && n <= 150) || n !== Math.floor(n) || Number.isNaN(x) || x === -Infinity) return NaN;
  return x > 0 ? polygammaRight(n, x) : polygammaLeft(n, x);
}

/** Reflection: ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(f) + (-1)ⁿ (ψ⁽ⁿ⁾(1 - x) - ψ⁽ⁿ⁾(1 - f)), f the fraction of x. */
function polygammaLeft(n, x) {
  const turn = x - Math.round(x);
  if (turn === 0) return n === 0 ? (x === 0 ? -Infinity : NaN) : n % 2 ? Infinity : NaN;
  const [above, below] = turn < 0 ? [1 + turn, -turn] : [turn, 1 - turn];
  const [near, far] = [polygammaRight(n, above), polygammaRight(n, below)];
  return n % 2 ? near + (far - polygammaRight(n, 1 - x)) : near - far + polygammaRight(n, 1 - x);
}

/** Up by ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x+1) - (-1)ⁿ n!/xⁿ⁺¹, then the asymptotic series; the smallest terms first. */
function polygammaRight(n, x) {
  const r = 1 / (x + 8 + n);
  let sum = n ? factorialPower(r, n - 1) * series(n, r) : r * (0.5 + r * series(0, r));
  for (let j = 7 + n; j >= 0; j--) sum += factorialPower(1 / (x + j), n);
  return n === 0 ? Math.log(x + 8) - sum : n % 2 ? sum : -sum;
}

/** n!·rⁿ⁺¹ */
function factorialPower(r, n) {
  let product = r;
  for (let k = 1; k <= n; k++) product *= k * r;
  return product;
}

function series(n, r) {
  let rising = 1;
  const coefficients = BERNOULLI.map((b, i) => {
    const k = i + 1;
    if (n === 0) return b / (2 * k);
    rising *= ((n + 2 * k - 2) * (n + 2 * k - 1)) / ((2 * k - 1) * (2 * k));
    return b * rising;
  });
  const tail = coefficients.reduceRight((sum, c) => sum * r * r + c, 0);
  return n === 0 ? tail : 1 + r * (0.5 * n + r * tail);
}

// -- vectors ----------------------------------------------------------------------------------------

/** The position of the largest operand (nan is larger than all), and e^(x - largest) for every x. */
function shifted(xs) {
  let top = 0;
  xs.forEach((x, i) => {
    if (!Number.isNaN(xs[top]) && (Number.isNaN(x) || x > xs[top])) top = i;
  });
  return [top, xs.map((x) => Math.exp(x - xs[top]))];
}

function logsumexp(...xs) {
  const [top, exponentials] = shifted(xs);
  if (Math.abs(xs[top]) === Infinity) return xs[top];
  return xs[top] + Math.log1p(total(exponentials.filter((_, i) => i !== top)));
}

function softmax(xs) {
  if (xs.every((x) => x === -Infinity)) return xs.map(() => NaN);
  const [, exponentials] = shifted(xs),
    sum = total(exponentials);
  return exponentials.map((e) => e / sum);
}

function log_softmax(i, ...xs) {
  if (xs[i] === -Infinity) return logsumexp(...xs) > -Infinity ? -Infinity : NaN;
  return -logsumexp(...xs.map((x) => x - xs[i]));
}

// -- the rules, printed from the table --------------------------------------------------------------
