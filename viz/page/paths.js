// Why a derivative is what it is: the paths that carry most of it, lit in the picture and listed.

const LISTED = 5;

class Paths {
  constructor(app) {
    this.app = app;
    this.from = null; // the number whose δ is asked about
    this.list = [];
  }

  get lit() {
    return this.from !== null;
  }

  /** Light the paths of a number, or none if they are lit. */
  ask(thing) {
    if (this.from === thing) return this.clear();
    this.from = thing;
    this.find();
    const { graph } = this.app,
      facts = { n: this.list.length, x: graph.called[thing], root: graph.called[graph.root] };
    this.app.inspector.show();
    this.app.say(tell("why lit", facts));
  }

  clear() {
    this.from = null;
    this.find();
    this.app.inspector.show();
    this.app.say(tell("why gone"));
  }

  /** The largest products of slopes from the root down, and how many paths there are. */
  find() {
    this.list = [];
    this.count = 0;
    if (this.lit) this.search();
    this.show();
  }

  search() {
    const { graph } = this.app,
      best = new Map([[graph.root, [{ product: 1 }]]]),
      count = new Map([[graph.root, 1]]);
    for (let i = graph.root; i >= graph.leaves; i--) {
      if (!best.has(i)) continue;
      for (const e of graph.edges(i)) {
        if (!graph.flows[e]) continue;
        const operand = graph.operand[e],
          ways = best.get(i).map((next) => ({ product: next.product * graph.slope[e], edge: e, next }));
        best.set(operand, [...(best.get(operand) ?? []), ...ways].sort(larger).slice(0, LISTED));
        count.set(operand, (count.get(operand) ?? 0) + count.get(i));
      }
    }
    this.list = best.get(this.from) ?? [];
    this.count = count.get(this.from) ?? 0;
  }

  /** Draw them, the first as the widest, in the colour of what they bring. */
  show() {
    for (const picture of this.app.stage.pictures) {
      const drawn = this.list.flatMap((way, place) => this.strokes(picture, way, place));
      picture.layers.ways.replaceChildren(...drawn);
    }
  }

  strokes(picture, way, place) {
    const links = new Set(stepsOf(way).map((e) => picture.linkOf[e]));
    return [...links]
      .filter((link) => link?.d)
      .map((link) => svg("path", { class: `lit-way ${way.product < 0 ? "minus" : "plus"}`, d: link.d, "stroke-width": 12 - 2 * place }));
  }

  /** A path in words: x → t₁ → J, and its product with the numbers in it. */
  told(way) {
    const { graph } = this.app,
      edges = stepsOf(way),
      names = [this.from, ...edges.map((e) => graph.node[e])].map((i) => graph.narrow[i]),
      slopes = edges.map((e) => graph.slope[e]),
      { digits, result } = line(multiplied, (...all) => all.reduce(times, [1n, 1n]), slopes, way.product),
      factors = slopes.map((x) => fill("{-x}", { x: shown(x, digits) }));
    const some = (all, sign) => (all.length > 7 ? [...all.slice(0, 3), "…", ...all.slice(-3)] : all).join(sign);
    const product = factors.length > 1 ? `${some(factors, "·")} ${result} ` : "";
    return { names: some(names, " → "), product: `${product}${shown(way.product)}` };
  }
}

const multiplied = (...factors) => factors.reduce((a, b) => a * b, 1);

/** The edges of a path, from the number that is asked about up to the root. */
function stepsOf(way) {
  const edges = [];
  for (let at = way; at.next; at = at.next) edges.push(at.edge);
  return edges;
}

const weight = ({ product }) => (Number.isNaN(product) ? Infinity : Math.abs(product));
const larger = (a, b) => (weight(b) === weight(a) ? 0 : weight(b) - weight(a));
