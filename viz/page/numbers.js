// How numbers are written, as in the pictures: short, and never so short that 3e-5 becomes 0.000.

/** x to four significant digits, with a true minus sign; the same text as Python's viz.numbers.shown. */
function shown(x, digits = 4) {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 ? "−" : "",
    size = Math.abs(x);
  if (size === Infinity) return sign + "inf";
  if (size === 0 || (size < 1e6 && size === Math.floor(size))) return sign + size.toFixed(0);
  if (size < 1e-3 || Number(rounded(size, digits)) >= 10 ** Math.max(digits, 6) || size >= 1e6)
    return sign + scientific(size, digits);
  const text = rounded(size, digits);
  return text.includes("e") ? sign + scientific(size, digits) : sign + withoutZeros(text);
}

/** The same with + before positive numbers, so that a sign does not rest on colour alone. */
const signed = (x) => (x > 0 ? "+" : "") + shown(x);

function scientific(size, digits) {
  const [mantissa, exponent] = rounded(size, digits, true).split("e");
  return `${withoutZeros(mantissa)}e${Number(exponent)}`.replace("-", "−");
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
