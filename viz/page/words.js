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
      arithmetic: fill(templates[facts.numbers === facts.value ? "compute, one number" : "compute"], facts),
      sentence: fill(templates.computed, facts),
      meaning: fill(templates[node === this.graph.root ? "compute means, at the end" : "compute means"], facts),
    };
  }

  seed(_, templates) {
    const { root } = this.graph,
      facts = { ...this.named(root), value: shown(this.graph.value[root]) };
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
    said.push(arrived === expected ? "complete" : "so far");
    return {
      arithmetic: fill(templates.send, facts),
      sentence: said.map((key) => fill(templates[key], facts)).join(" "),
      meaning: fill(templates["send means"], facts),
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
    const facts = { x: this.operand(i), J: graph.called[graph.root], value: shown(graph.value[i]), ...sumOf(found) };
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
      { written } = graph.notation(node);
    return {
      ...this.named(node),
      formula: fill(
        written,
        operands.map((o) => this.operand(o)),
      ),
      numbers: fill(
        written,
        operands.map((o) => shown(graph.value[o])),
      ),
      value: shown(graph.value[node]),
      operands: this.listed(operands),
      users:
        this.listed(graph.arriving[node].map((b) => graph.node[graph.taken[b]]).reverse()) ||
        tell("no users"),
      op: graph.operation(node).told,
      doc: graph.operation(node).doc,
    };
  }

  sent(edge, k) {
    const { graph } = this,
      node = graph.node[edge],
      operands = graph.operands(node);
    const written = graph.notation(node).slopes[edge - graph.first[node]];
    const names = Object.fromEntries(operands.map((o, slot) => [slot, this.operand(o)]));
    return {
      ...this.named(node),
      x: graph.called[graph.operand[edge]],
      op: graph.operation(node).told,
      formula: fill(written ?? "", { y: graph.called[node], ...names }),
      delta: shown(graph.delta[node]),
      slope: shown(graph.slope[edge]),
      contribution: shown(graph.delta[node] * graph.slope[edge]),
      ...sumOf(graph.gathered(graph.operand[edge], k + 1)),
    };
  }

  operand(i) {
    return this.graph.isConstant(i) ? shown(this.graph.value[i]) : this.graph.called[i];
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
  arrived: counted(arrived),
  expected: counted(expected),
});

/** Whether a text can stand in a field without parentheses. */
const standsAlone = (text, how) => (how === "-" ? !text.startsWith("−") : how === "" || ONE_WORD.test(text));

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
