// How numbers are written, as viz.numbers has them: short, never so short that 3e-5 becomes 0.000, and with ≈ where
// digits were cut.

const asked = { digits: 4 }; // significant, unless others are asked for

/** x as Python reads it, below a million never without what stands before the point. */
function shown(x, digits = asked.digits) {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 ? "-" : "",
    size = Math.abs(x);
  if (size === Infinity) return `${sign}inf`;
  if (size === 0 || (size < 1e6 && size === Math.floor(size))) return sign + size.toFixed(0);
  digits = Math.min(digits, String(size).replace(/e.*/, "").replace(".", "").replace(/^0+|0+$/g, "").length);
  if (size >= 1e-3 && size < 1e6) {
    const before = size >= 1 ? String(Math.floor(size)).length : 0,
      text = rounded(size, Math.max(digits, before));
    if (!text.includes("e")) return sign + withoutZeros(text);
  }
  return sign + scientific(size, digits);
}

/** Whether x has digits that are not shown; what a float's own rounding adds behind the 15th is none. */
function isCut(x, digits = asked.digits) {
  const seen = Number(shown(x, digits));
  return Number.isFinite(x) && seen !== x && (digits >= SURE || seen !== Number(x.toPrecision(SURE)));
}

/** x behind the sign that is true: = 0.5, ≈ 0.3333. */
const equals = (x) => `${isCut(x) ? "≈" : "="} ${shown(x)}`;

const SURE = 15, // digits, of which a number keeps each
  MOST = 17; // with which it is itself

/**
 * With how many digits the numbers give the result as it is printed, and the signs before them and before it;
 * `exact` computes with fractions, or tells that nothing has to be rounded.
 */
function line(compute, exact, numbers, result) {
  let digits = asked.digits;
  while (digits < MOST && !gives(compute, numbers, result, digits)) digits++;
  const cut = numbers.some((x) => isCut(x, digits)),
    isExact = !cut && !isCut(result) && exactly(compute, exact, numbers, result, digits);
  return { digits, numbers: cut ? "≈" : "=", result: isExact ? "=" : "≈" };
}

function gives(compute, numbers, result, digits) {
  const found = compute(...numbers.map((x) => Number(printed(x, digits))));
  if (!Number.isFinite(result)) return Object.is(found, result);
  const unit = result ? 10 ** (Math.floor(Math.log10(Math.abs(result))) - asked.digits + 1) : 0;
  return Math.abs(found - Number(shown(result))) <= unit;
}

const printed = (x, digits) => shown(x, digits).replace("inf", "Infinity");

function exactly(compute, exact, numbers, result, digits) {
  if (![...numbers, result].every(Number.isFinite)) return true;
  if (exact) return same(exact(...numbers.map((x) => fraction(shown(x, digits)))), fraction(shown(result)));
  if (!numbers.some((x) => x)) return true;
  if (numbers.includes(result) && Math.abs(result) !== 1 && result) return false; // as tanh(1e-9)
  return compute(...numbers.map((x) => x * 1.001)) !== result;
}

// -- fractions: [top, bottom] ------------------------------------------------------------------------

function fraction(x) {
  const [, sign, whole, part = "", power = "0"] = x.match(/^(-?)(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/),
    shift = Number(power) - part.length,
    digits = BigInt(sign + whole + part);
  return shift < 0 ? [digits, 10n ** BigInt(-shift)] : [digits * 10n ** BigInt(shift), 1n];
}

const same = ([a, b], [c, d]) => a * d === c * b;
const plus = ([a, b], [c, d]) => [a * d + c * b, b * d];
const times = ([a, b], [c, d]) => [a * c, b * d];
const minus = (left, [c, d]) => plus(left, [-c, d]);
const weighted = (many) => {
  const pairs = many.length >> 1,
    products = many.slice(0, pairs).map((w, i) => times(w, many[pairs + i]));
  return [...products, ...many.slice(2 * pairs)].reduce(plus);
};
// Rows that are done in fractions; those of CHOOSING give one of their operands, or a whole number.
const IN_FRACTIONS = {
  add: plus,
  subtract: minus,
  multiply: times,
  negative: ([a, b]) => [-a, b],
  divide: ([a, b], [c, d]) => [a * d, b * c],
  sum: (...terms) => terms.reduce(plus),
  dot: (...many) => weighted(many),
};
const CHOOSING = new Set("relu abs maximum minimum where clip floor ceil round trunc sign".split(" "));

/** The same with + before positive numbers, so that a sign does not rest on colour alone. */
const signed = (x) => (x > 0 ? "+" : "") + shown(x);

function scientific(size, digits) {
  const [mantissa, exponent] = rounded(size, digits, true).split("e");
  return `${withoutZeros(mantissa)}e${Number(exponent)}`;
}

const withoutZeros = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** toPrecision or toExponential with exact ties going to the even digit, as in Python. */
function rounded(size, digits, exponential = false) {
  const write = (x, n) => (exponential ? x.toExponential(n - 1) : x.toPrecision(n));
  const exact = size.toExponential(60),
    kept = exact.replace(".", "").slice(digits);
  if (!/^50*e/.test(kept)) return write(size, digits);
  const last = Number(exact.replace(".", "")[digits - 1]);
  const nudge = 1 + (last % 2 ? 1 : -1) * 4 * Number.EPSILON;
  return write(size * nudge, digits);
}

/** What was typed, as a number; null if it is none. */
function parsed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  return plain === "" || !Number.isFinite(Number(plain)) ? null : Number(plain);
}
