// The picture: cards, groups and arrows as SVG, brought up to date by touching only what a step changes.
// What lies on the ground and what lies on top are an <svg> each, which the browser paints by themselves: a card that
// changes repaints no arrow, and looking elsewhere moves what is painted.

const GUTTER = 48; // before a card, where the numbers of its arrows stand
const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The name of a group as there is room for it, its middle left out. */
function short(text, limit) {
  const tail = Math.floor((limit - 1) / 3);
  return text.length > limit ? `${text.slice(0, limit - 1 - tail)}…${text.slice(text.length - tail)}` : text;
}

class Picture {
  /** app: what the picture shows and whom it tells: graph, tree, taken, selected, breakpoints, choose(), open(). */
  constructor(element, app) {
    Object.assign(this, { element, app, graph: app.graph, tree: app.tree });
    this.camera = element.querySelector(".camera");
    this.layers = Object.fromEntries(
      ["scopes", "edges", "slopes", "ways", "lit", "cards", "flights"].map((name) => [name, element.querySelector(`.${name}`)]),
    );
    this.pen = document.createElement("canvas").getContext("2d");
    this.draw();
  }

  // -- what is shown -------------------------------------------------------------------------------

  /** Lay everything out and draw it, after groups opened or closed. */
  draw() {
    const { graph, tree } = this;
    this.cards = new Map();
    this.links = this.visibleLinks();
    this.ports = this.portsOf();
    for (const link of this.links)
      link.port = link.edges.length === 1 && typeof link.head === "number" ? this.ports.get(link.edges[0]) : 0;
    const slots = (thing) => (typeof thing === "number" ? graph.first[thing + 1] - graph.first[thing] : 1);
    this.layout = new Layout(tree, this.links, (thing) => this.extent(thing), slots);
    Object.values(this.layers).forEach((layer) => layer.replaceChildren());
    for (const sheet of this.camera.children) {
      sheet.setAttribute("width", Math.ceil(this.layout.width));
      sheet.setAttribute("height", Math.ceil(this.layout.height));
    }
    this.lit = { cards: new Set(), links: new Set() };
    for (const [thing, box] of this.layout.boxes) {
      if (typeof thing === "number") this.drawCard(thing, box);
      else if (thing.open) this.drawScope(thing, box);
      else this.drawCard(thing, box);
    }
    this.links.forEach((link, i) => this.drawLink(link, this.layout.curves[i]));
    this.element.classList.toggle("dense", this.links.length > 160);
    this.linkOf = new Array(this.graph.operand.length);
    for (const link of this.links) for (const e of link.edges) this.linkOf[e] = link;
    this.refresh();
  }

  /** Arrows between shown things: one an edge between cards, one for all edges where a closed group is an end. */
  visibleLinks() {
    const { graph, tree } = this,
      together = new Map(),
      links = [];
    const shows = Array.from({ length: graph.size }, (_, i) => tree.shows(i));
    graph.operand.forEach((operand, e) => {
      const tail = shows[operand],
        head = shows[graph.node[e]];
      if (tail === head) return;
      const key = typeof tail === "number" && typeof head === "number" ? e : `${idOf(tail)}>${idOf(head)}`;
      if (!together.has(key)) links.push(together.set(key, { tail, head, edges: [], first: Infinity }).get(key));
      const link = together.get(key);
      link.edges.push(e);
      link.first = Math.min(link.first, graph.node[e]);
    });
    return links;
  }

  /** The place of each edge on its card's left side: a dot shows each weight beside its input. */
  portsOf() {
    const ports = new Map();
    for (const [thing] of this.shownNodes()) {
      const edges = this.graph.edges(thing),
        half = edges.length >> 1;
      const paired = this.graph.isComputed(thing) && this.graph.operation(thing).name === "dot";
      const key = (slot) => (!paired || slot >= 2 * half ? slot * 2 : slot < half ? slot * 4 : (slot - half) * 4 + 2);
      edges
        .map((e, slot) => [key(slot), e])
        .sort((a, b) => a[0] - b[0])
        .forEach(([, e], i) => ports.set(e, i));
    }
    return ports;
  }

  *shownNodes() {
    for (const group of this.tree.root.inside()) {
      let open = true;
      for (let above = group; above; above = above.parent) open &&= above.open;
      if (open) for (const i of group.nodes) yield [i];
    }
  }

  measure(text, font) {
    this.pen.font = `${font} system-ui, sans-serif`;
    return this.pen.measureText(text).width;
  }

  /** How large a card is: wide enough for its name, and for any number that may come to stand there. */
  extent(thing) {
    if (typeof thing !== "number") {
      const { length } = thing.computed,
        only = thing.outputs.length === 1 ? `${this.graph.narrow[thing.outputs[0]]} = −0.0000` : "",
        most = Math.max(...[tell("computed of", { k: length, n: length }), only].map((text) => this.measure(text, "12px"))) + 24;
      return { width: Math.max(138, most, this.measure(short(thing.name, 22), "600 12px") + 44), height: 62 };
    }
    if (this.graph.isConstant(thing))
      return { width: Math.max(52, this.measure(shown(this.graph.value[thing]), "11px") + 18), height: 22 };
    const { name, op } = this.titles(thing),
      slots = this.graph.first[thing + 1] - this.graph.first[thing];
    const title = this.measure(name, "600 12.5px") + 20;
    if (!slots) return { width: this.leafWidth(this.tree.home[thing]), height: 41 };
    return {
      width: Math.max(94, title + (op ? this.measure(op, "11px") + 10 : 0)),
      height: Math.max(56, Math.min(slots * 16, 320)),
    };
  }

  /** The leaves of a group are equally wide, so that they stand as one column. */
  leafWidth(group) {
    group.leafWidth ??= group.nodes.reduce((most, i) => {
      const given = !this.graph.isComputed(i) && !this.graph.isConstant(i);
      return given ? Math.max(most, this.measure(this.titles(i).name, "600 12.5px") + 86) : most;
    }, 100);
    return group.leafWidth;
  }

  /** What stands in a card's first line: its name, and its operation at the right. */
  titles(i) {
    const { graph } = this,
      symbol = graph.isComputed(i) ? graph.operation(i).symbol : "";
    return { name: graph.narrow[i], op: symbol === "·" ? "dot" : symbol };
  }

  // -- drawing -------------------------------------------------------------------------------------

  drawScope(group, { x, y, width, height }) {
    if (!group.parent) return;
    const depth = group.path.split(/[./]/).length;
    const box = svg("g", { class: `scope depth${depth % 2}`, transform: `translate(${x} ${y})` });
    box.append(svg("rect", { width, height, rx: 12 }), svg("text", { x: 12, y: 16 }, short(group.name, 26)));
    const fold = svg("g", {
      class: "fold",
      role: "button",
      "aria-label": tell("close", { x: group.name }),
      transform: `translate(${width - 15} 12)`,
    });
    fold.append(svg("circle", { r: 7.5 }), svg("path", { d: "M-3.5 0H3.5" }));
    fold.addEventListener("click", () => this.app.open(group, false));
    box.append(fold);
    this.layers.scopes.append(box);
  }

  drawCard(thing, { x, y, width, height }) {
    const single = typeof thing === "number",
      constant = single && this.graph.isConstant(thing);
    const kind = !single ? "group" : constant ? "constant" : this.graph.isComputed(thing) ? "computed" : "leaf";
    const g = svg("g", { class: `card ${kind}`, transform: `translate(${x} ${y})`, tabindex: -1, role: "button" });
    const card = { g, thing, x, y, width, height, state: "" };
    this.cards.set(thing, card);
    if (!single)
      for (const shift of [6, 3]) g.append(svg("rect", { class: "behind", x: shift, y: -shift, width, height, rx: 8 }));
    const radius = constant ? 11 : kind === "leaf" ? 14 : 8;
    g.append(svg("rect", { class: "halo", x: -5, y: -5, width: width + 10, height: height + 10, rx: radius + 5 }));
    card.tint = svg("rect", { class: "tint", width, height, rx: radius });
    g.append(svg("rect", { class: "face", width, height, rx: radius }), card.tint);
    if (constant) this.text(card, "value", width / 2, 15, shown(this.graph.value[thing]));
    else this.write(card, single);
    if (single) this.drawBreakpoint(card);
    else this.drawUnfold(card);
    g.addEventListener("click", () => this.app.choose(thing));
    g.addEventListener("dblclick", () => !single && this.app.open(thing, true));
    this.layers.cards.append(g);
  }

  /** A card's three lines: name and operation, value, δ; what was given has its value beside its name. */
  write(card, single) {
    const { name, op } = single ? this.titles(card.thing) : { name: short(card.thing.name, 22), op: "" };
    const middle = card.height / 2,
      given = single && !this.graph.isComputed(card.thing);
    this.text(card, "name", 11, middle - (given ? 4 : 11), name);
    const [head, below, rest] = (single && this.graph.onCard(card.thing)) || [];
    if (below)
      card.name.replaceChildren(
        head,
        svg("tspan", { class: "below", dy: 3 }, below),
        ...(rest ? [svg("tspan", { dy: -3 }, rest)] : []),
      );
    if (op) this.text(card, "op", card.width - 9, middle - 11, op);
    if (given) this.text(card, "value", card.width - 10, middle - 4, "");
    else this.text(card, "value", 11, middle + 5, "");
    this.text(card, "delta", 11, middle + (given ? 13 : 21), "");
  }

  text(card, name, x, y, text) {
    card[name] = svg("text", { class: name, x, y }, text);
    card.g.append(card[name]);
  }

  drawBreakpoint(card) {
    if (!this.graph.isComputed(card.thing) && !this.graph.arriving[card.thing].length) return;
    const dot = svg("g", { class: "breakpoint", role: "button", "aria-label": tell("breakpoint") });
    dot.append(svg("circle", { class: "reach", cx: 1, cy: 1, r: 11 }), svg("circle", { cx: 1, cy: 1, r: 5 }));
    dot.addEventListener("click", (event) => {
      event.stopPropagation();
      this.app.toggleBreakpoint(card.thing);
    });
    card.g.append(dot);
  }

  drawUnfold(card) {
    const unfold = svg("g", {
      class: "fold",
      role: "button",
      "aria-label": tell("open", { x: card.thing.name }),
      transform: `translate(${card.width - 14} 15)`,
    });
    unfold.append(svg("circle", { r: 8.5 }), svg("path", { d: "M-4 0H4M0 -4V4" }));
    unfold.addEventListener("click", (event) => {
      event.stopPropagation();
      this.app.open(card.thing, true);
    });
    card.g.append(unfold);
  }

  drawLink(link, points) {
    if (points.length < 2) return;
    const [x, y] = points.at(-1),
      isLabelled = link.edges.length === 1 && typeof link.head === "number",
      isLevel = isLabelled && points.at(-2)[0] < x - GUTTER - 8; // comes in level, so that no other line crosses its number
    link.points = isLevel ? [...points.slice(0, -1), [x - GUTTER, y], [x, y]] : points;
    link.d = curve(link.points);
    link.g = svg("g", { class: "edge" });
    link.arrow = `${link.d}M${x - 6} ${y - 3.5}L${x - 0.5} ${y}L${x - 6} ${y + 3.5}`;
    link.path = svg("path", { class: "line", d: link.arrow });
    link.g.append(link.path);
    if (isLabelled) {
      const slots = this.graph.first[link.head + 1] - this.graph.first[link.head],
        apart = this.layout.boxes.get(link.head).height / slots;
      link.label = svg("text", { class: "slope", x: x - 9, y: y + (slots > 1 ? 3.5 : -5) });
      if (apart > 12) this.layers.slopes.append(link.label); // above all arrows, if there is room; else when lit
    }
    this.layers.edges.append(link.g);
  }

  // -- bringing up to date -------------------------------------------------------------------------

  /** Everything, after a change of numbers. */
  refresh() {
    this.sumUp();
    this.showAll();
  }

  /** What is read at every step, however many numbers an arrow or a card stands for. */
  sumUp() {
    const { graph } = this;
    this.largestDelta = graph.delta.reduce((most, delta) => Math.max(most, finite(delta)), 1e-300);
    this.largest = 1e-300;
    for (const link of this.links)
      Object.assign(link, { order: [], peaks: [], flows: link.edges.some((e) => graph.flows[e]) });
    graph.taken.forEach((e, b) => {
      const sent = graph.delta[graph.node[e]] * graph.slope[e],
        link = this.linkOf[e];
      this.largest = Math.max(this.largest, finite(sent));
      if (!link) return;
      const peak = link.peaks.at(-1) ?? 0;
      link.order.push(b);
      link.peaks.push(Math.abs(sent) > Math.abs(peak) || Number.isNaN(sent) ? sent : peak);
    });
    const begun = (i) => (i === graph.root ? -1 : (graph.arriving[i][0] ?? Infinity));
    for (const { thing } of this.cards.values())
      if (typeof thing !== "number") thing.begun = Float64Array.from(thing.outputs, begun).sort();
  }

  showAll() {
    this.spot();
    for (const card of this.cards.values()) this.refreshCard(card);
    for (const link of this.links) this.refreshLink(link);
    this.glow();
  }

  /** Only what lies between two numbers of steps. */
  move(from, to) {
    if (Math.abs(to - from) > 40) return this.showAll();
    const { graph, tree } = this,
      cards = new Set(this.lit.cards),
      links = new Set();
    for (let k = Math.min(from, to); k < Math.max(from, to); k++) {
      const { edge, node, target } = graph.step(k);
      cards.add(this.cards.get(tree.shows(target))).add(this.cards.get(tree.shows(node)));
      for (const e of edge === undefined ? graph.edges(node) : [edge]) links.add(this.linkOf[e]);
    }
    this.spot();
    for (const card of this.lit.cards) cards.add(card);
    for (const card of cards) this.refreshCard(card);
    for (const link of links) if (link) this.refreshLink(link);
    this.glow();
  }

  refreshThing(thing) {
    if (this.cards.has(thing)) this.refreshCard(this.cards.get(thing));
  }

  refreshCard(card) {
    const { thing } = card;
    if (typeof thing !== "number") return this.refreshGroup(card);
    const { graph, app } = this,
      known = graph.knows(thing, app.taken);
    if (graph.isConstant(thing)) return this.refreshConstant(card);
    const found = graph.gathered(thing, app.taken);
    setText(card.value, known ? shown(graph.value[thing]) : tell("not yet"));
    setText(card.delta, deltaText(found, known));
    this.paint(card, known, found);
    this.label(card, this.spoken(thing, known, found));
  }

  refreshConstant(card) {
    const value = shown(this.graph.value[card.thing]);
    setText(card.value, value);
    this.paint(card, true, { delta: null, arrived: 1, expected: 1 });
    this.label(card, tell("constant, said", { x: value }));
  }

  refreshGroup(card) {
    const { graph, app } = this,
      { outputs, computed, size, begun } = card.thing,
      [only] = outputs;
    const done = countBelow(computed, app.taken + graph.leaves),
      known = done === computed.length;
    if (outputs.length === 1 && !card.thing.path.endsWith("…")) {
      const found = graph.gathered(only, app.taken);
      setText(
        card.value,
        known
          ? `${graph.narrow[only]} ${equals(graph.value[only])}`
          : computed.length
            ? tell("computed of", { k: done, n: computed.length })
            : "",
      );
      setText(card.delta, deltaText(found, known));
      this.paint(card, known, found);
    } else {
      setText(card.value, computed.length ? tell("computed of", { k: done, n: computed.length }) : tell("numbers", { n: size }));
      const back = countBelow(begun, app.taken - graph.seed - 1);
      setText(card.delta, back ? tell("δ at", { k: back, n: outputs.length }) : "");
      this.paint(card, known, { delta: null, arrived: back, expected: outputs.length });
    }
    this.label(card, tell("group", { x: card.thing.name, n: size, said: card.value.textContent }));
  }

  label(card, text) {
    if (card.said === text) return;
    card.said = text;
    card.g.setAttribute("aria-label", text);
  }

  /** A card's state as classes, and its tint by the size of δ. */
  paint(card, known, { delta, arrived, expected }) {
    const sign = delta === null || delta === 0 ? "" : delta > 0 ? "plus" : delta < 0 ? "minus" : "odd";
    const value = typeof card.thing === "number" ? this.graph.value[card.thing] : 0;
    const states = [
      known ? "" : "waiting",
      sign,
      arrived ? "" : "unasked",
      expected ? "" : "no-path",
      arrived && arrived < expected ? "part" : "",
      known && !Number.isFinite(value) ? "odd" : "",
      this.app.breakpoints.has(card.thing) ? "stops" : "",
      this.app.selected === card.thing ? "selected" : "",
      card.spot ?? "",
    ];
    const state = states.filter(Boolean).join(" ");
    if (state !== card.state) {
      if (card.state) card.g.classList.remove(...card.state.split(" "));
      if (state) card.g.classList.add(...state.split(" "));
      card.state = state;
    }
    const tint = states.includes("odd") ? 0.16 : sign ? 0.04 + 0.16 * logarithmic(delta, this.largestDelta) : 0;
    if (tint !== card.opacity) card.tint.style.fillOpacity = card.opacity = tint;
  }

  spoken(i, known, found) {
    const { graph } = this,
      op = graph.isComputed(i) ? `, ${graph.operation(i).told}` : "";
    return `${graph.called[i]}${op}, ${known ? shown(graph.value[i]) : tell("not computed")}, ${deltaText(found, known)}`;
  }

  refreshLink(link) {
    if (!link.g) return;
    const { graph, app } = this,
      arrived = countBelow(link.order, app.taken - graph.seed - 1),
      contribution = arrived ? link.peaks[arrived - 1] : 0;
    link.sign = !arrived
      ? ""
      : contribution > 0
        ? "plus"
        : contribution < 0
          ? "minus"
          : Number.isNaN(contribution)
            ? "odd"
            : "flat";
    const ready = graph.knows(link.first, app.taken),
      look = `edge ${link.sign} ${ready ? "" : "waiting"} ${link.flows ? "" : "no-path"}`,
      width = arrived ? (1.2 + 2.6 * logarithmic(contribution, this.largest)).toFixed(2) : "";
    if (look !== link.look) link.g.setAttribute("class", look);
    if (width !== link.width) link.path.style.strokeWidth = width;
    Object.assign(link, { look, width });
    if (link.label) setText(link.label, arrived ? shown(graph.slope[link.edges[0]]) : "");
  }

  // -- the current step ----------------------------------------------------------------------------

  /** Choose what the last step was about: cards, whose look they are refreshed with, and arrows, which glow. */
  spot() {
    const { graph, app, tree } = this,
      { cards, links } = this.lit;
    for (const card of cards) card.spot = "";
    cards.clear();
    links.clear();
    const lights = app.lights ?? app.taken;
    if (!lights) return;
    const { phase, edge, node, target } = graph.step(lights - 1),
      back = phase === "forward" ? "" : " back";
    const light = (all, thing, how) => {
      if (!thing) return;
      thing.spot = how;
      all.add(thing);
    };
    if (phase === "backward") light(cards, this.cards.get(tree.shows(node)), "gives");
    light(cards, this.cards.get(tree.shows(target)), `current${back}`);
    if (phase === "backward") light(links, this.linkOf[edge], "current back");
    else if (phase === "forward") for (const e of graph.edges(node)) light(links, this.linkOf[e], "current");
  }

  /** A lit arrow is drawn once more, above the others, which are then left as they are: there may be a thousand. */
  glow() {
    const drawn = [...this.lit.links].filter((link) => link.g);
    this.layers.lit.replaceChildren(
      ...drawn.map((link) => {
        const g = svg("g", { class: `edge ${link.sign} ${link.spot}` });
        g.append(svg("path", { class: "glow", d: link.d }), svg("path", { class: "line", d: link.arrow }));
        if (link.label && link.spot.includes("back")) g.append(link.label.cloneNode(true));
        return g;
      }),
    );
  }

  /** Numbers fly along the arrows of step k: values into a node, or a contribution back out of it. */
  fly(k, milliseconds) {
    const { graph } = this,
      { phase, edge, node } = graph.step(k);
    this.layers.flights.replaceChildren();
    if (phase === "backward") {
      const sent = graph.delta[node] * graph.slope[edge];
      this.flight(this.linkOf[edge], signed(sent), sent < 0 ? "minus" : "plus", true, milliseconds);
    } else if (phase === "forward") {
      for (const e of graph.edges(node).slice(0, 24))
        this.flight(this.linkOf[e], shown(graph.value[graph.operand[e]]), "", false, milliseconds);
    }
  }

  flight(link, text, sign, back, milliseconds) {
    if (!link?.g) return;
    const pill = svg("g", { class: `flight ${sign}` }),
      width = this.measure(text, "600 11px") + 14;
    pill.append(svg("rect", { x: -width / 2, y: -9, width, height: 18, rx: 9 }), svg("text", { y: 4 }, text));
    const way = svg("path", { class: "way", d: link.d });
    this.layers.flights.append(way, pill);
    const start = performance.now(),
      length = way.getTotalLength();
    const frame = (now) => {
      const t = Math.min(1, (now - start) / milliseconds),
        eased = t * t * (3 - 2 * t);
      const { x, y } = way.getPointAtLength(length * (back ? 1 - eased : eased));
      pill.setAttribute("transform", `translate(${x} ${y})`);
      if (t < 1 && pill.isConnected) requestAnimationFrame(frame);
      else [pill, way].forEach((element) => element.remove());
    };
    frame(start);
  }
}

/** δ on a card: what has arrived, … if more is to come; "no path" is not 0. */
function deltaText({ delta, arrived, expected }, known) {
  if (!expected) return known ? tell("no path") : "";
  if (!arrived) return "δ ?";
  return `δ ${signed(delta)}${arrived < expected ? " …" : ""}`;
}

const finite = (x) => (Number.isFinite(x) ? Math.abs(x) : 0);

/** From the size of x to 0…1, logarithmic over six decades. */
function logarithmic(x, largest) {
  if (!Number.isFinite(x)) return 1;
  return Math.log1p(Math.abs(x) / (largest * 1e-6)) / Math.log1p(1e6);
}
