// The atoms of the table: functions of numbers that no rule spells out.  The rules are printed below them.

const value = {
  positive: (x) => x,
  power(a, b) {
    // C's pow says 1 where JavaScript says nan: 1 to any power, and (-1) to an infinite one (IEEE 754-2019, 9.2.1).
    if (a === 1 || (a === -1 && Math.abs(b) === Infinity)) return 1;
    return Math.pow(a, b);
  },
  remainder(a, b) {
    const left = a % b; // has the sign of a; Python's has the sign of b
    if (left === 0) return b < 0 ? -0 : 0;
    return left < 0 !== b < 0 ? left + b : left;
  },
  fmod: (a, b) => a % b,
  floor_divide(a, b) {
    if (b === 0) return a / b;
    if (Math.abs(b) === Infinity && Number.isFinite(a)) return a === 0 || a < 0 === b < 0 ? 0 : -1;
    const whole = (a - value.remainder(a, b)) / b;
    const floor = Math.floor(whole);
    return whole - floor > 0.5 ? floor + 1 : floor;
  },
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
  exp2: (x) => Math.pow(2, x),
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
  round: toEven,
  erf,
  erfc,
  lgamma,
  polygamma,
  digamma: (x) => polygamma(0, x),
  logsumexp,
  log_softmax,
  softmax: (i, ...xs) => softmax(xs)[i],
};
const slopes = {};

// -- sums and roundings -----------------------------------------------------------------------------

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

/** The nearest whole number, halves to the even one. */
function toEven(x) {
  const below = Math.floor(x),
    over = x - below;
  if (over < 0.5 || !Number.isFinite(x)) return below;
  return over > 0.5 || below % 2 !== 0 ? below + 1 : below;
}

// -- the error function -----------------------------------------------------------------------------

function erf(x) {
  if (Math.abs(x) >= 1) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  // 2/√π e^(-x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), all terms of one sign (DLMF 7.6.2)
  let term = x,
    sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The trapezoidal rule on ∫ e^(-t²)/(x² + t²) dt, with the pole's part taken off (Chiarella & Reichel 1968). */
function erfc(x) {
  if (!(x >= 0.5)) return 1 - erf(x);
  const h = 0.5;
  let sum = 0.5 / (x * x);
  for (let k = 1; k <= 13; k++) sum += Math.exp(-h * h * k * k) / (x * x + h * h * k * k);
  const head = Math.fround(x); // head² is exact, so that e^(-x²) keeps its digits in the tail
  const bell = Math.exp(-head * head) * Math.exp((head - x) * (head + x));
  const pole = x < Math.PI / h ? 2 / Math.expm1((2 * Math.PI * x) / h) : 0;
  return x > 30 ? 0 : ((2 * h * x) / Math.PI) * bell * sum - pole;
}

// -- the gamma function and its derivatives ---------------------------------------------------------

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
const EULER = 0.5772156649015329;

/** ζ(k) - 1 for k = 2 … 29, by Euler and Maclaurin (DLMF 25.2.9). */
const ZETA_LESS_ONE = Array.from({ length: 28 }, (_, i) => {
  const k = i + 2,
    n = 10;
  const head = Array.from({ length: n - 2 }, (_, j) => (j + 2) ** -k);
  let rising = k,
    tail = n ** (1 - k) / (k - 1) + n ** -k / 2;
  BERNOULLI.slice(0, 7).forEach((b, j) => {
    tail += (b / factorial(2 * j + 2)) * rising * n ** (-k - 2 * j - 1);
    rising *= (k + 2 * j + 1) * (k + 2 * j + 2);
  });
  return total([...head, tail]);
});

function factorial(n) {
  let product = 1;
  for (let k = 2; k <= n; k++) product *= k;
  return product;
}

/** ln|Γ(x)|, +inf at the poles 0, -1, -2, … */
function lgamma(x) {
  if (x <= 0 && x === Math.floor(x)) return Infinity;
  if (Math.abs(x) === Infinity) return Infinity;
  if (x < 0) return Math.log(Math.PI / Math.abs(value.sinpi(x))) - lgamma(1 - x);
  if (x < 0.5) return lgammaNearTwo(x) - Math.log1p(x) - Math.log(x);
  if (x < 1.5) return lgammaNearTwo(x - 1) - Math.log1p(x - 1);
  if (x > 15) return stirling(x);
  let product = 1;
  while (x > 2.5) product *= x -= 1;
  return Math.log(product) + lgammaNearTwo(x - 2);
}

/** ln Γ(2 + z) for |z| ≤ ½, with its digits near 0 (Abramowitz & Stegun 6.1.33). */
function lgammaNearTwo(z) {
  let sum = 0;
  for (let k = 29; k >= 2; k--) sum = sum * z + ((k % 2 ? -1 : 1) * ZETA_LESS_ONE[k - 2]) / k;
  return z * (1 - EULER + z * sum);
}

function stirling(x) {
  const series = BERNOULLI.slice(0, 8).map((b, i) => b / ((2 * i + 2) * (2 * i + 1) * x ** (2 * i + 1)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + total(series);
}

/** ψ⁽ⁿ⁾(x), the n-th derivative of digamma; odd orders are +inf at the poles, even ones nan, digamma(0) is -inf. */
function polygamma(n, x) {
  if (!(n >= 0 && n <= 150) || n !== Math.floor(n) || Number.isNaN(x) || x === -Infinity) return NaN;
  return x > 0 ? polygammaRight(n, x) : polygammaLeft(n, x);
}

/** Reflection: ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(f) + (-1)ⁿ (ψ⁽ⁿ⁾(1 - x) - ψ⁽ⁿ⁾(1 - f)), f the fraction of x. */
function polygammaLeft(n, x) {
  const turn = x - toEven(x);
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
