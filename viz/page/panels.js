// The panels under the picture: what the step says, the chosen number, and learning.

/** An HTML element: attributes, then children; text is text, whatever it says. */
function html(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const byId = (id) => document.getElementById(id);

/** Set a text in the node that is there, and only if it is another: nothing is made and thrown away at every step. */
function setText(element, text) {
  const { firstChild } = element;
  if (!firstChild) element.textContent = text;
  else if (firstChild.data !== text) firstChild.data = text;
}

// -- what the step says -----------------------------------------------------------------------------

class Story {
  constructor(app) {
    this.app = app;
  }

  show() {
    const { graph, taken } = this.app,
      said = this.said();
    setText(byId("phase"), said.phase);
    byId("phase").classList.toggle("backward", taken > graph.seed);
    setText(byId("sentence"), said.sentence);
    setText(byId("meaning"), said.meaning);
    this.write(said.arithmetic);
    this.spoken = `${said.phase}. ${said.sentence} ${said.arithmetic}`;
  }

  said() {
    const { graph, taken, words } = this.app;
    if (taken === 0) return this.before();
    const { phase, node } = graph.step(taken - 1),
      place = graph.places[graph.scope[node]], // which step of a loop it is
      back = graph.steps - graph.seed - 1;
    const where =
      phase === "forward"
        ? tell("Forward", { k: taken, n: graph.seed })
        : phase === "seed"
          ? tell("The turn")
          : tell("Backward", { k: taken - graph.seed - 1, n: back });
    const said = words.of(taken - 1);
    if (taken === graph.steps && phase === "backward") said.meaning += ` ${tell("last one")}`;
    return { phase: place ? `${where}: ${place}` : where, ...said };
  }

  before() {
    const { graph } = this.app,
      kind = graph.seed ? "before" : "nothing",
      facts = { root: graph.called[graph.root], n: graph.seed };
    return {
      phase: tell(kind),
      sentence: tell(`${kind}, said`, facts),
      arithmetic: "",
      meaning: tell(`${kind}, means`, facts),
    };
  }

  /** An equation, a line for every = sign and for what a sum is now, what it comes to in bold. */
  write(arithmetic) {
    const { templates } = this.app.graph,
      [, now] = templates["send, after others"].match(/\{is_contribution\}(.+)\{running\}/u),
      [name, ...parts] = arithmetic.split(new RegExp(`( \\+= | = | ≈ |${now})`, "u")),
      rows = parts.flatMap((side, i) => (i % 2 ? [[i === 1 ? name : "", parts[i - 1].replace(",", ""), side]] : []));
    if (this.rows?.length !== rows.length) this.rule(rows.length);
    rows.forEach((texts, i) => texts.forEach((text, k) => setText(this.rows[i].children[k], text)));
  }

  /** So many lines, which are kept as long as they suffice: most steps have as many as the one before. */
  rule(count) {
    const line = (_, i) =>
      html(
        "div",
        { class: i && i === count - 1 ? "result" : "" },
        ...["left", "sign", "right"].map((part) => html("span", { class: part })),
      );
    this.rows = Array.from({ length: count }, line);
    byId("arithmetic").replaceChildren(...this.rows);
  }
}

// -- the chosen number --------------------------------------------------------------------------------

class Inspector {
  constructor(app) {
    this.app = app;
    byId("release").addEventListener("click", () => app.choose(app.selected));
  }

  /** The number that was chosen, or what the step changes. */
  get thing() {
    const { app } = this;
    if (app.selected !== null) return app.selected;
    return app.live ? app.atWork.target : app.graph.root;
  }

  show() {
    const { thing } = this;
    byId("release").hidden = this.app.selected === null;
    if (typeof thing !== "number") return this.group(thing);
    const { graph, words } = this.app,
      kind = graph.isConstant(thing)
        ? tell("a constant")
        : graph.isComputed(thing)
          ? graph.operation(thing).told
          : graph.kind[thing] === 2
            ? tell("detached")
            : tell("given");
    byId("called").replaceChildren(words.operand(thing), html("small", {}, kind));
    if (this.shown !== thing || !this.fields) this.build(thing);
    this.fields.forEach((field) => field());
  }

  build(thing) {
    const { app } = this,
      { graph } = app;
    this.shown = thing;
    this.fields = [];
    const live = (element, text) => {
      this.fields.push(() => {
        element.textContent = text();
      });
      return element;
    };
    const found = () => graph.gathered(thing, app.taken),
      known = () => app.words.known(thing, app.taken);
    const parts = [],
      constant = graph.isConstant(thing);
    if (graph.isComputed(thing)) parts.push(this.formula(thing));
    if (app.live && graph.canChange(thing)) parts.push(this.dial(thing));
    else if (!constant) parts.push(live(html("p", {}), () => known().value));
    if (constant) parts.push(html("p", { class: "soft" }, this.ofConstant(thing)));
    else parts.push(live(html("p", { class: "delta" }), () => known().delta));
    parts.push(live(html("p", { class: "soft" }), () => this.effect(thing, found())));
    parts.push(this.ways(thing));
    const around = [
      this.list(tell("comes from"), graph.edges(thing), (e) => graph.operand[e]),
      this.list(tell("goes into"), graph.users[thing], (e) => graph.node[e]),
    ];
    parts.push(html("div", { class: "around" }, ...around.filter(Boolean)), this.buttons(thing));
    byId("node").replaceChildren(...parts);
  }

  /** The formula in symbols, which stays true whatever the numbers are; only a constant in it is a number. */
  formula(thing) {
    const { words } = this.app,
      place = html("p", { class: "formula" });
    let written = "";
    this.fields.push(() => {
      const text = words.formula(thing);
      if (text !== written) place.replaceChildren(...inLines(words.laidOut(thing)));
      written = text;
    });
    return place;
  }

  ofConstant(thing) {
    const { graph } = this.app,
      root = graph.called[graph.root];
    return graph.canChange(thing)
      ? tell("free constant", { root })
      : tell("fixed constant", { y: graph.called[graph.node[graph.users[thing][0]]] });
  }

  /** What δ means, once it is complete. */
  effect(thing, { delta, arrived, expected }) {
    const { graph } = this.app;
    if (!expected || arrived < expected || thing === graph.root || !Number.isFinite(delta)) return "";
    const root = graph.called[graph.root];
    if (delta === 0) return tell("no movement", { root });
    return tell(delta > 0 ? "grows" : "falls", { root, x: shown(Math.abs(delta) * 0.01, 3) });
  }

  /** The value of a leaf or a constant, to type or to drag. */
  dial(thing) {
    const { app } = this,
      { graph } = app,
      name = graph.isConstant(thing) ? tell("the constant") : graph.called[thing],
      now = graph.value[thing],
      span = Math.max(1, 2 * finite(now));
    const typed = html("input", {
      type: "text",
      inputmode: "decimal",
      "aria-label": tell("value of", { x: name }),
      class: "number",
    });
    const dragged = html("input", {
      type: "range",
      min: finite(now) ? now - span : -1,
      max: finite(now) ? now + span : 1,
      step: "any",
      "aria-label": tell("drag", { x: name }),
    });
    const set = (x) => app.change(thing, x);
    dragged.addEventListener("input", () => set(Number(Number(dragged.value).toPrecision(4))));
    dragged.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      set(Number((graph.value[thing] + (way * span) / 100).toPrecision(6)));
    });
    typed.addEventListener("input", () => typed.classList.toggle("wrong", parsed(typed.value) === null));
    typed.addEventListener("change", () => {
      const x = parsed(typed.value);
      if (x === null) app.say(tell("no number", { x: typed.value }));
      else set(x);
      typed.classList.toggle("wrong", x === null);
    });
    this.fields.push(() => {
      if (document.activeElement !== typed || !typed.classList.contains("wrong"))
        typed.value = shown(graph.value[thing], 6);
      if (document.activeElement !== dragged || Math.abs(Number(dragged.value) - graph.value[thing]) > 1e-3 * span)
        dragged.value = graph.value[thing];
    });
    const moves = html("input", { type: "checkbox" });
    moves.checked = app.learns.has(thing);
    moves.addEventListener("change", () => {
      moves.checked ? app.learns.add(thing) : app.learns.delete(thing);
      app.learning.show();
    });
    const learns = html("label", { class: "soft" }, moves, ` ${tell("moves when learning")}`);
    return html("div", { class: "dial" }, typed, dragged, ...(graph.isConstant(thing) ? [] : [learns]));
  }

  list(title, edges, of) {
    if (!edges.length) return null;
    const { app } = this,
      { graph } = app,
      some = edges.slice(0, 40);
    const rows = some.map((e) => {
      const slope = html("span", { class: "soft" }),
        value = html("span", { class: "soft" }),
        i = of(e);
      this.fields.push(() => {
        value.textContent = graph.knows(i, app.taken) ? shown(graph.value[i]) : tell("not yet");
        slope.textContent = !graph.flows[e]
          ? tell("no slope")
          : graph.knows(graph.node[e], app.taken)
            ? tell("slope", { x: this.hides(e) ? "?" : shown(graph.slope[e]) })
            : "";
      });
      return html(
        "li",
        {},
        html(
          "button",
          { type: "button", class: "link", onclick: () => app.find(i) },
          graph.isConstant(i) ? tell("constant") : graph.narrow[i],
        ),
        value,
        slope,
      );
    });
    if (edges.length > some.length)
      rows.push(html("li", { class: "soft" }, tell("more", { n: edges.length - some.length })));
    return html("div", {}, html("h3", {}, title), html("ul", {}, ...rows));
  }

  /** Whether a slope is to be predicted and has not been. */
  hides(e) {
    const { quiz, graph, taken } = this.app;
    return quiz?.on && graph.flows[e] && graph.taken.indexOf(e) >= taken - graph.seed - 1;
  }

  buttons(thing) {
    const { app } = this,
      { graph } = app,
      stops = html(
        "button",
        { type: "button", "aria-keyshortcuts": "b", onclick: () => app.toggleBreakpoint(thing) },
        tell("breakpoint"),
      );
    this.fields.push(() => stops.setAttribute("aria-pressed", String(app.breakpoints.has(thing))));
    const jump = (text, moment) => html("button", { type: "button", onclick: () => app.go(moment()) }, text);
    const all = [];
    if (graph.isComputed(thing)) all.push(jump(tell("when computed"), () => graph.momentOf(thing, false)));
    if (graph.gathered(thing, 0).expected) all.push(jump(tell("when complete"), () => graph.momentOf(thing, true)));
    if (!graph.isConstant(thing)) all.push(stops);
    if (graph.gathered(thing, 0).expected && thing !== graph.root) {
      const why = html("button", { type: "button", class: "why", onclick: () => app.paths.ask(thing) }, tell("why"));
      this.fields.push(() => why.setAttribute("aria-pressed", String(app.paths.from === thing)));
      all.push(why);
    }
    const source = graph.sources[graph.source[thing]];
    return html("div", { class: "row" }, ...all, source ? html("span", { class: "soft" }, source) : "");
  }

  /** The paths that carry most of its δ, where they are asked for. */
  ways(thing) {
    const { app } = this,
      { graph, paths } = app,
      box = html("div", { class: "ways" }),
      facts = () => ({ root: graph.called[graph.root], total: app.words.total(thing), n: paths.count, k: paths.list.length });
    this.fields.push(() => {
      if (paths.from !== thing) return box.replaceChildren();
      const rows = paths.list.map((way) => {
        const { names, product } = paths.told(way);
        return html("li", {}, html("span", {}, names), html("span", {}, product));
      });
      const more = paths.count > rows.length ? `; ${tell("why of more", facts())}` : "";
      const sum = { x: shown(graph.delta[thing]), n: paths.count };
      box.replaceChildren(
        html("h3", {}, tell("why title", facts()) + more),
        html("ol", {}, ...rows),
        html("p", { class: "soft" }, tell("why sum", sum)),
      );
    });
    return box;
  }

  group(group) {
    const { app } = this;
    this.fields = null;
    byId("called").replaceChildren(group.name, html("small", {}, tell("numbers", { n: group.size })));
    const outputs = group.outputs
      .slice(0, 12)
      .map((i) =>
        html(
          "li",
          {},
          html("button", { type: "button", class: "link", onclick: () => app.find(i) }, app.graph.narrow[i]),
          html("span", { class: "soft" }, app.graph.knows(i, app.taken) ? shown(app.graph.value[i]) : tell("not yet")),
        ),
      );
    byId("node").replaceChildren(
      html("p", { class: "soft" }, group.path),
      html(
        "div",
        { class: "around" },
        html("div", {}, html("h3", {}, tell("of group")), html("ul", {}, ...outputs)),
      ),
      html(
        "div",
        { class: "row" },
        html(
          "button",
          { type: "button", onclick: () => app.open(group, !group.open) },
          tell(group.open ? "close group" : "open group"),
        ),
      ),
    );
  }
}
