// Marking: what can be asked about a step, and what an answer is worth.  Nothing here knows the page.

const CLOSE = 0.005; // relative: three digits, and a rounding on the way
const SHOWN = 5e-4; // what four digits may be off by, relative
const NEAR = 0.03;

// Slopes that a book writes with the output: what they come to for whoever takes the input there.
const IN_Y = {
  tanh: (x) => 1 - x * x,
  sigmoid: (x) => x * (1 - x),
  exp: (x) => x,
  sqrt: (x) => 1 / (2 * x),
  tan: (x) => 1 + x * x,
};

/** The questions of one graph; `own` are the numbers that the learner goes on with, right or not. */
class Exam {
  constructor(graph) {
    this.graph = graph;
    this.begin();
  }

  static read(text) {
    return answered(text);
  }

  begin() {
    this.own = { value: this.graph.value.slice(), slope: new Map(), delta: new Map() };
  }

  /** What is asked before step k. */
  kinds(k) {
    const { phase, node, target } = this.graph.step(k);
    if (phase !== "backward") return phase === "forward" ? ["value"] : [];
    const isPlain = this.graph.delta[node] === 1 && !this.graph.gathered(target, k).arrived; // δ is the slope
    return isPlain ? ["slope"] : ["slope", "δ"];
  }

  /** { truth, following, slack, mistakes }: right answers, how far rounding may lead off, and [hint, number] pairs. */
  question(k, kind) {
    const { edge, node } = this.graph.step(k);
    return kind === "value" ? this.ofValue(node) : kind === "slope" ? this.ofSlope(edge) : this.ofDelta(edge, k);
  }

  ofValue(i) {
    const { graph, own } = this,
      operands = graph.given(i, graph.value),
      { op } = graph.uses[graph.use[i]];
    const slack = graph
      .edges(i)
      .reduce((sum, e) => sum + (graph.flows[e] ? Math.abs(graph.slope[e] * graph.value[graph.operand[e]]) : 0), 0);
    const mistakes = [];
    if (operands.length === 1) mistakes.push(["inside", operands[0]]);
    if (op === "divide") mistakes.push(["upside down", operands[1] / operands[0]]);
    if (op === "power") mistakes.push(["swapped", operands[1] ** operands[0]], ["swapped", operands[0] * operands[1]]);
    return { truth: graph.value[i], following: graph.valueOf(i, own.value), slack: SHOWN * slack, mistakes };
  }

  ofSlope(e) {
    const { graph, own } = this,
      i = graph.node[e],
      slot = e - graph.first[i],
      { op, rule } = graph.uses[graph.use[i]],
      operands = graph.given(i, graph.value),
      y = graph.value[i],
      mistakes = [];
    if (operands.length === 1) {
      const atOutput = value[op](y);
      if (op in IN_Y) mistakes.push(["y for x", IN_Y[op](operands[0])]);
      mistakes.push(["y for x", slopes[rule](atOutput, y)[0]]);
    }
    graph.slopesOf(i, graph.value).forEach((slope, other) => other !== slot && mistakes.push(["other", slope]));
    mistakes.push(["value", y]);
    return { truth: graph.slope[e], following: graph.slopesOf(i, own.value)[slot], slack: 0, mistakes };
  }

  ofDelta(e, k) {
    const { graph } = this,
      target = graph.operand[e],
      behind = graph.delta[graph.node[e]],
      slope = graph.slope[e],
      before = graph.gathered(target, k).delta,
      come = before ?? 0,
      brought = behind * slope;
    const mistakes = [
      ...(before === null ? [] : [["path", brought], ["missed", before]]),
      ["inner", come + behind],
      ["inner", behind],
      ["outer", come + slope],
      ["outer", slope],
      ["added", behind + slope],
    ];
    const slack = SHOWN * (Math.abs(come) + Math.abs(brought));
    return { truth: come + brought, following: this.deltaOf(e, k), slack, mistakes };
  }

  /** δ with the learner's own numbers: what had come, and what this edge brings. */
  deltaOf(e, k) {
    const { graph, own } = this,
      target = graph.operand[e],
      node = graph.node[e],
      behind = own.delta.get(node) ?? graph.delta[node];
    return (own.delta.get(target) ?? graph.gathered(target, k).delta ?? 0) + behind * (own.slope.get(e) ?? graph.slope[e]);
  }

  /** What an answer to a question is worth. */
  mark(k, kind, text) {
    return marked(this.question(k, kind), text);
  }

  /** The learner goes on with this number. */
  keep(k, kind, x) {
    const { edge, node, target } = this.graph.step(k);
    if (kind === "value") this.own.value[node] = x;
    else if (kind === "slope") this.own.slope.set(edge, x);
    if (kind === "δ" || (kind === "slope" && !this.kinds(k).includes("δ"))) {
      const delta = kind === "δ" ? x : this.deltaOf(edge, k);
      this.own.delta.set(target, delta);
    }
  }
}

/** What an answer is worth: { verdict: "right", "following", "unclear" or "wrong", hint, x }. */
function marked({ truth, following, slack, mistakes }, text) {
  const x = answered(text);
  if (x === null) return { verdict: "unclear", hint: "number" };
  const digits = digitsOf(text),
    is = (other, off = slack) => agrees(x, other, digits, off);
  if (is(truth)) return { verdict: "right", x: truth };
  if (is(following)) return { verdict: "following", x: following };
  if (digits < 2 && [truth, following].some((right) => Math.abs(x - right) <= unit(text) / 2))
    return { verdict: "unclear", hint: "digits" };
  const hint = is(-truth) || is(-following) ? "sign" : mistakes.find(([, wrong]) => Number.isFinite(wrong) && is(wrong, 0))?.[0];
  return { verdict: "wrong", hint: hint ?? distance(x, truth), x };
}

/** Whether a typed number is meant to be another one: to three digits, or as it is rounded to so many. */
function agrees(x, right, digits, slack) {
  if (!Number.isFinite(right)) return Object.is(x, right);
  const off = Math.abs(x - right);
  if (off <= Math.max(CLOSE * Math.abs(right), slack) || off === 0) return true;
  return digits >= 2 && digits < 16 && off <= (Math.abs(right) >= 1e-300 ? 10 ** (Math.floor(Math.log10(Math.abs(right))) - digits + 1) / 2 : 0);
}

/** What can be said of a wrong number that is no known mistake. */
function distance(x, truth) {
  if (Math.abs(x - truth) <= NEAR * Math.abs(truth)) return "near";
  const power = Math.log10(x / truth);
  return Number.isFinite(power) && Math.round(power) !== 0 && Math.abs(10 ** (power - Math.round(power)) - 1) <= CLOSE ? "power" : "wrong";
}

/** What was typed as a number: −0.75, 0,75, 2e-3, 3/4, inf; null if it is none. */
function answered(text) {
  const plain = text.trim().replace(/^[=≈]\s*/, "").replace(/[−–]/g, "-").replace(/^\+/, "").replace("∞", "inf").replace(/[·*×]\s*10\^?/, "e");
  if (/^-?(inf|nan)/i.test(plain)) return plain.startsWith("-") ? -Infinity : /nan/i.test(plain) ? Number.NaN : Infinity;
  const [above, below, ...rest] = plain.split("/");
  if (rest.length) return null;
  const parts = (below === undefined ? [above] : [above, below]).map(parsed);
  return parts.includes(null) || parts[1] === 0 ? null : parts.reduce((a, b) => a / b);
}

/** How many significant digits were typed; a fraction is exact. */
function digitsOf(text) {
  if (text.includes("/")) return 16;
  return text.replace(/[eE·*×].*$/, "").replace(/\D/g, "").replace(/^0+/, "").length;
}

/** The place of the last typed digit: 0.1 of 0.5. */
function unit(text) {
  const [, decimals = "", exponent = "0"] = text.replace(/[−–]/g, "-").replace(",", ".").match(/^[^.eE]*(?:\.(\d*))?(?:e(-?\d+))?/i) ?? [];
  return 10 ** (Number(exponent) - decimals.length);
}
