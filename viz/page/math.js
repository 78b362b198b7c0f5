// Formulas as MathML, made element by element: what comes from the graph only ever becomes text.

const MATHML = "http://www.w3.org/1998/Math/MathML",
  TOKENS = new Set(["mi", "mn", "mo", "mtext"]);

const typeset = {}; // names that are more than letters with digits, such as w_max, as lists (see `laidOut`)

function math(name, attributes, ...children) {
  const element = document.createElementNS(MATHML, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** What is laid out as lists, [tag, attributes?, …parts]; a text that is no token's is a field, as in `fill`. */
function laidOut(box, texts) {
  if (typeof box === "string") return filledIn(box, texts);
  const [tag, second] = box,
    attributes = typeof second === "object" && !Array.isArray(second) ? second : {},
    parts = box.slice(attributes === second ? 2 : 1);
  return math(tag, attributes, ...(TOKENS.has(tag) ? parts : parts.map((part) => laidOut(part, texts))));
}

const SMALL = { stretchy: "false" };

function filledIn(field, texts) {
  const [, how, name] = field.match(/^\{([-^]?)(\d+)\}$/),
    text = texts[name];
  return standsAlone(text, how) ? symbol(text) : math("mrow", {}, math("mo", SMALL, "("), symbol(text), math("mo", SMALL, ")"));
}

/** A name with what stands above and below it, or a number, as an element. */
function symbol(text) {
  const [, sign, size, exponent] = text.match(/^(-?)(\d[\d.]*|inf|nan)(?:e(-?\d+))?$/) ?? [];
  if (size) {
    const power = exponent ? [math("mo", {}, "·"), math("msup", {}, math("mn", {}, "10"), math("mn", {}, exponent.replace("-", "−")))] : [];
    return math("mrow", {}, ...(sign ? [math("mo", {}, "−")] : []), math("mn", {}, size === "inf" ? "∞" : size), ...power);
  }
  if (Object.hasOwn(typeset, text)) return laidOut(typeset[text], []);
  const found = text.match(INDEXED),
    [, letters, ascii, above, below] = found && !(found[2] && found[4]) ? found : [null, text],
    under = ascii ?? plainDigits(below),
    over = plainDigits(above),
    parts = [math("mi", {}, letters), ...[under, over].filter(Boolean).map((digits) => math("mn", {}, digits))];
  return parts.length === 1 ? parts[0] : math(under && over ? "msubsup" : over ? "msup" : "msub", {}, ...parts);
}

/** An equation as several, a sum's terms each its own, so that a long one goes on in the next line. */
function inLines(equation) {
  const isSum = (part) => part.localName === "mrow" && [...part.children].slice(1).some(isSign);
  const first = () => [...equation.children].find(isSum);
  for (let sum = first(); sum; sum = first()) sum.replaceWith(...sum.children);
  const lines = [];
  for (const part of [...equation.children]) {
    const before = lines.at(-1)?.lastElementChild;
    const joins = isSign(part) && before && before.localName !== "mo"; // as in a + b; the sign of −b is its own
    if (joins) part.setAttribute("form", "infix");
    if (joins || !before) lines.push(math("math", { displaystyle: "true" }));
    lines.at(-1).append(part);
  }
  return lines.flatMap((line, i) => (i ? [" ", line] : [line]));
}

const isSign = (part) => part.localName === "mo" && (part.textContent === "+" || part.textContent === "−");

// z²₁, W¹₂₃, w_1 and w1: letters, then what is raised and lowered; whatever else somebody called a number is letters.
const INDEXED = /^((?:(?![⁰¹²³⁴-⁹])[\p{L}])+?)(?:_?(\d{1,4}))?([⁰¹²³⁴-⁹]*)((?:[₀-₉](?:,(?=[₀-₉]))?)*)$/u;

const plainDigits = (text) => (text ?? "").normalize("NFKC");
