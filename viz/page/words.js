// What a step says: the templates of viz.wording, filled with the numbers as they are now.

class Words {
  constructor(graph) {
    this.graph = graph;
  }

  /** { arithmetic, sentence, meaning } of step k. */
  of(k) {
    const { phase } = this.graph.step(k);
    return this[phase](k, this.graph.templates);
  }

  forward(k, templates) {
    const { node } = this.graph.step(k),
      facts = this.computed(node);
    return {
      arithmetic: fill(templates[facts.is_numbers.slice(2) === facts.value ? "compute, one number" : "compute"], facts),
      sentence: [this.graph.operation(node).computed, ...this.failingValue(node).map((key) => templates[key])]
        .map((text) => fill(text, facts))
        .join(" "),
      meaning: fill(templates[node === this.graph.root ? "compute means, at the end" : "compute means"], facts),
    };
  }

  seed(_, templates) {
    const { root } = this.graph,
      facts = { ...this.named(root), is_value: equals(this.graph.value[root]), total: this.total(root) };
    return {
      arithmetic: fill(templates.seed, facts),
      sentence: fill(templates.seeded, facts),
      meaning: fill(templates["seed means"], facts),
    };
  }

  backward(k, templates) {
    const { edge, target } = this.graph.step(k),
      facts = this.sent(edge, k);
    const { arrived, expected } = this.graph.gathered(target, k + 1);
    const said = [facts.formula === "" || facts.formula === facts.slope ? "sent" : "sent, by formula"];
    if (this.graph.slope[edge] === 0) said.push("flat");
    else said.push(...this.failingSlope(edge));
    said.push(arrived === expected ? "complete" : "so far");
    return {
      arithmetic: fill(templates[facts.running ? "send, after others" : "send"], facts),
      sentence: said.map((key) => fill(templates[key], facts)).join(" "),
      meaning: fill(
        templates[Number.isFinite(this.graph.sent(edge)) ? "send means" : "send means, not finite"],
        facts,
      ),
    };
  }

  /** Node i's formula: a²₁ = tanh(z²₁). */
  formula(i) {
    const { y, formula } = this.computed(i);
    return `${y} = ${formula}`;
  }

  /** The same as MathML. */
  laidOut(i) {
    const { graph } = this,
      operands = graph.operands(i).map((o) => this.operand(o));
    return math(
      "math",
      { displaystyle: "true", alttext: this.formula(i) },
      symbol(graph.called[i]),
      math("mo", {}, "="),
      laidOut(graph.notation(i).laid, operands),
    );
  }

  /** What is known of node i after so many steps: its value and its δ, a sentence each. */
  known(i, taken) {
    const { graph } = this,
      { templates } = graph,
      found = graph.gathered(i, taken);
    const facts = { x: this.operand(i), total: this.total(i), is_value: equals(graph.value[i]), ...sumOf(found) };
    const kind = !found.expected
      ? "no path"
      : found.arrived === found.expected
        ? "whole"
        : found.arrived
          ? "part"
          : "nothing yet";
    return {
      value: fill(templates[graph.knows(i, taken) ? "value" : "not computed"], facts),
      delta: fill(templates[kind], facts),
    };
  }

  // -- what the fields are filled with -------------------------------------------------------------

  named(node) {
    return { y: this.graph.called[node], J: this.graph.called[this.graph.root] };
  }

  computed(node) {
    const { graph } = this,
      operands = graph.operands(node),
      { written } = graph.notation(node),
      { op, finite } = graph.uses[graph.use[node]],
      values = Array.from(operands, (o) => graph.value[o]),
      exact = CHOOSING.has(op) ? () => fraction(shown(graph.value[node], MOST)) : IN_FRACTIONS[op],
      found = line(value[op], exact, values, graph.value[node]),
      numbers = values.map((x) => shown(x, found.digits));
    return {
      ...this.named(node),
      formula: fill(
        written,
        operands.map((o) => this.operand(o)),
      ),
      is_numbers: `${found.numbers} ${fill(written, numbers)}`,
      value: shown(graph.value[node]),
      is_value: `${found.result} ${shown(graph.value[node])}`,
      domain: finite ?? "",
      operands: this.listed(operands),
      users:
        this.listed(graph.arriving[node].map((b) => graph.node[graph.taken[b]]).reverse()) ||
        tell("no users"),
      op: graph.operation(node).told,
      ...Array.from(operands.slice(0, 3), (o) => this.operand(o)), // by their places
    };
  }

  sent(edge, k) {
    const { graph } = this,
      node = graph.node[edge],
      operands = graph.operands(node);
    const written = graph.notation(node).slopes[edge - graph.first[node]];
    const names = Object.fromEntries(operands.map((o, slot) => [slot, this.operand(o)])),
      terms = [graph.delta[node], graph.slope[edge]],
      sent = line((a, b) => a * b, times, terms, graph.sent(edge)),
      [delta, slope] = terms.map((x) => shown(x, sent.digits)),
      [local, place] = graph.locals[edge] ?? [`∂${graph.called[node]}/∂${graph.called[graph.operand[edge]]}`, 0];
    return {
      ...this.named(node),
      x: graph.called[graph.operand[edge]],
      op: graph.operation(node).told,
      formula: fill(written ?? "", { y: graph.called[node], ...names }),
      local,
      place: place ? fill(graph.templates.place, { number: String(place) }) : "",
      delta: shown(graph.delta[node]),
      slope: shown(graph.slope[edge]),
      is_slope: equals(graph.slope[edge]),
      is_product: fill(`${sent.numbers} {delta} · {-slope}`, { delta, slope }),
      contribution: shown(graph.sent(edge)),
      is_contribution: `${sent.result} ${shown(graph.sent(edge))}`,
      domain: graph.uses[graph.use[node]].smooth ?? "",
      ...this.sumAfter(edge, k),
    };
  }

  /** What δ has come to; after a contribution that is not the first, from what it was before. */
  sumAfter(edge, k) {
    const { graph } = this,
      target = graph.operand[edge],
      found = graph.gathered(target, k + 1),
      facts = sumOf(found);
    if (found.arrived < 2) return facts;
    const terms = [graph.gathered(target, k).delta, graph.sent(edge)],
      added = line((a, b) => a + b, plus, terms, found.delta),
      [before, more] = terms.map((x) => shown(x, added.digits));
    const running = `${before} ${more.startsWith("-") ? more.replace("-", "- ") : `+ ${more}`}`;
    return { ...facts, running, is_sum: `${added.result} ${facts.sum}` };
  }

  /** The symbol of node i's δ: ∂J/∂w, or dJ/dx where there is one variable. */
  total(i) {
    const { graph } = this,
      sign = i === graph.variable ? "d" : "∂";
    return `${sign}${graph.called[graph.root]}/${sign}${graph.called[i]}`;
  }

  /** The key of what is said where a value is not finite. */
  failingValue(node) {
    const { graph } = this,
      { op, finite } = graph.uses[graph.use[node]],
      values = Array.from(graph.operands(node), (o) => graph.value[o]);
    if (Number.isFinite(graph.value[node])) return [];
    if (!values.every(Number.isFinite)) return ["value spreads"];
    const nudged = (way) => values.map((x) => (x ? x * (1 + way * 1e-12) : way * 1e-8)),
      isPole = [1, -1].some((way) => Number.isFinite(value[op](...nudged(way))));
    if (!Number.isNaN(graph.value[node]) && !isPole) return ["value overflows"];
    return [finite ? "value outside" : "value nowhere"];
  }

  /** The same where a slope is not, though what it is taken at is. */
  failingSlope(edge) {
    const { graph } = this,
      node = graph.node[edge];
    if (Number.isFinite(graph.slope[edge])) return [];
    if (!Array.from(graph.operands(node), (o) => graph.value[o]).every(Number.isFinite)) return [];
    if (graph.uses[graph.use[node]].smooth) return ["slope outside"];
    return Number.isFinite(graph.value[node]) ? ["slope nowhere"] : [];
  }

  operand(i) {
    return this.graph.isConstant(i) ? shown(this.graph.value[i], MOST) : this.graph.called[i];
  }

  /** x, x and y, or the first two, … and the last. */
  listed(nodes) {
    const once = [...new Set(nodes)];
    const said = (once.length <= 4 ? once : [once[0], once[1], once.at(-1)]).map((i) => this.operand(i));
    return said.length > 1
      ? said.slice(0, -1).join(", ") + tell(once.length > 4 ? "and last" : "and") + said.at(-1)
      : said.join("");
  }
}

const sumOf = ({ delta, arrived, expected }) => ({
  sum: delta === null ? "" : shown(delta),
  is_sum: equals(delta ?? 0),
  arrived: counted(arrived),
  expected: counted(expected),
});

/** Whether a text can stand in a field without parentheses. */
const standsAlone = (text, how) => (how === "-" ? !text.startsWith("-") : how === "" || ONE_WORD.test(text));

const ONE_WORD = /^(?:(?![⁰¹²³⁴-⁹])[\p{L}\p{N}])+$|^\p{Nd}+\.\p{Nd}+$/u;

/**
 * The template with its fields filled: {-x} in parentheses if it begins with a minus sign, {^x} if it is not one word,
 * {*x} as so many times as far.
 */
function fill(template, values) {
  return template.replace(/\{([-^*]?)([\p{L}\p{N}_]+)\}/gu, (field, how, name) => {
    const text = values[name];
    if (text === undefined) return field;
    if (how === "*") return text === "1" ? tell("just as far") : tell("times as far", { x: text });
    return standsAlone(text, how) ? text : `(${text})`;
  });
}
