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
        ? `Forward, ${taken} of ${graph.seed}`
        : phase === "seed"
          ? "The turn"
          : `Backward, ${taken - graph.seed - 1} of ${back}`;
    const said = words.of(taken - 1);
    if (taken === graph.steps && phase === "backward") said.meaning += " That was the last one: every δ is complete.";
    return { phase: place ? `${where}: ${place}` : where, ...said };
  }

  before() {
    const { graph } = this.app;
    if (!graph.seed)
      return {
        phase: "Nothing to compute",
        sentence: `${graph.called[graph.root]} was given, not computed.`,
        arithmetic: "",
        meaning: "Its derivative by itself is 1, and that is all there is.",
      };
    return {
      phase: "Before the first step",
      sentence: "Nothing is computed yet. The round cards were given: inputs and weights.",
      arithmetic: "",
      meaning: `Take a step (→), and the first number is computed. ${graph.seed.toLocaleString("en")} steps lead forwards to ${graph.called[graph.root]}, then the derivatives come back.`,
    };
  }

  /** An equation, a line for every = sign, what it comes to in bold. */
  write(arithmetic) {
    const [name, ...parts] = arithmetic.split(/( \+= | = | ≈ |, now )/),
      rows = parts.flatMap((side, i) => (i % 2 ? [[i === 1 ? name : "", parts[i - 1], side]] : []));
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
    return app.taken ? app.graph.step(app.taken - 1).target : app.graph.root;
  }

  show() {
    const { thing } = this;
    byId("release").hidden = this.app.selected === null;
    if (typeof thing !== "number") return this.group(thing);
    const { graph, words } = this.app,
      kind = graph.isConstant(thing)
        ? "a constant"
        : graph.isComputed(thing)
          ? graph.operation(thing).name
          : graph.kind[thing] === 2
            ? "detached"
            : "given";
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
    const around = [
      this.list("Comes from", graph.edges(thing), (e) => graph.operand[e]),
      this.list("Goes into", graph.users[thing], (e) => graph.node[e]),
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
      ? `A plain number of the program: no derivative of ${root} is taken by it, and nothing moves it but you.`
      : `A plain number of the program. It says what ${graph.called[graph.node[graph.users[thing][0]]]} is of, and stays as it is.`;
  }

  /** What δ means, once it is complete. */
  effect(thing, { delta, arrived, expected }) {
    const { graph } = this.app;
    if (!expected || arrived < expected || thing === graph.root || !Number.isFinite(delta)) return "";
    const root = graph.called[graph.root];
    if (delta === 0) return `Raise it a little, and ${root} does not move.`;
    return `Raise it by 0.01, and ${root} ${delta > 0 ? "grows" : "falls"} by about ${shown(Math.abs(delta) * 0.01, 3)}.`;
  }

  /** The value of a leaf or a constant, to type or to drag. */
  dial(thing) {
    const { app } = this,
      { graph } = app,
      name = graph.isConstant(thing) ? "the constant" : graph.called[thing],
      now = graph.value[thing],
      span = Math.max(1, 2 * finite(now));
    const typed = html("input", {
      type: "text",
      inputmode: "decimal",
      "aria-label": `Value of ${name}`,
      class: "number",
    });
    const dragged = html("input", {
      type: "range",
      min: finite(now) ? now - span : -1,
      max: finite(now) ? now + span : 1,
      step: "any",
      "aria-label": `Drag the value of ${name}`,
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
      if (x === null) app.say(`${typed.value} is not a number: type one such as −0.5 or 1e-3.`);
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
    const learns = html("label", { class: "soft" }, moves, " moves when learning");
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
        value.textContent = graph.knows(i, app.taken) ? shown(graph.value[i]) : "not yet";
        slope.textContent = !graph.flows[e]
          ? "no slope"
          : graph.knows(graph.node[e], app.taken)
            ? `slope ${shown(graph.slope[e])}`
            : "";
      });
      return html(
        "li",
        {},
        html(
          "button",
          { type: "button", class: "link", onclick: () => app.find(i) },
          graph.isConstant(i) ? "constant" : graph.narrow[i],
        ),
        value,
        slope,
      );
    });
    if (edges.length > some.length)
      rows.push(html("li", { class: "soft" }, `and ${(edges.length - some.length).toLocaleString("en")} more`));
    return html("div", {}, html("h3", {}, title), html("ul", {}, ...rows));
  }

  buttons(thing) {
    const { app } = this,
      { graph } = app,
      stops = html(
        "button",
        { type: "button", "aria-keyshortcuts": "b", onclick: () => app.toggleBreakpoint(thing) },
        "Breakpoint",
      );
    this.fields.push(() => stops.setAttribute("aria-pressed", String(app.breakpoints.has(thing))));
    const jump = (text, moment) => html("button", { type: "button", onclick: () => app.go(moment()) }, text);
    const all = [];
    if (graph.isComputed(thing)) all.push(jump("When computed", () => graph.momentOf(thing, false)));
    if (graph.gathered(thing, 0).expected) all.push(jump("When δ is complete", () => graph.momentOf(thing, true)));
    if (!graph.isConstant(thing)) all.push(stops);
    const source = graph.sources[graph.source[thing]];
    return html("div", { class: "row" }, ...all, source ? html("span", { class: "soft" }, source) : "");
  }

  group(group) {
    const { app } = this;
    this.fields = null;
    byId("called").replaceChildren(group.name, html("small", {}, `${group.size.toLocaleString("en")} numbers`));
    const outputs = group.outputs
      .slice(0, 12)
      .map((i) =>
        html(
          "li",
          {},
          html("button", { type: "button", class: "link", onclick: () => app.find(i) }, app.graph.narrow[i]),
          html("span", { class: "soft" }, app.graph.knows(i, app.taken) ? shown(app.graph.value[i]) : "not yet"),
        ),
      );
    byId("node").replaceChildren(
      html("p", { class: "soft" }, group.path),
      html(
        "div",
        { class: "around" },
        html("div", {}, html("h3", {}, "What others use of it"), html("ul", {}, ...outputs)),
      ),
      html(
        "div",
        { class: "row" },
        html(
          "button",
          { type: "button", onclick: () => app.open(group, !group.open) },
          group.open ? "Close the group" : "Open the group",
        ),
      ),
    );
  }
}

// -- learning -----------------------------------------------------------------------------------------

class Learning {
  constructor(app) {
    this.app = app;
    this.history = [app.graph.value[app.graph.root]];
    this.steps = 0;
    this.build();
  }

  build() {
    const { app } = this,
      { graph } = app,
      root = graph.called[graph.root];
    if (!app.live) {
      byId("learn").replaceChildren(
        html("p", { class: "soft" }, "Nothing is computed here, so there is nothing to learn."),
      );
      return;
    }
    this.chart = svg("svg", { class: "chart", viewBox: "0 0 240 64", preserveAspectRatio: "none", role: "img" });
    this.rate = html("input", {
      type: "text",
      inputmode: "decimal",
      class: "number",
      value: shown(graph.rate),
      "aria-label": "Learning rate α",
    });
    this.step = html("button", { type: "button", class: "main", onclick: () => this.descend(1) }, "Step downhill");
    this.ten = html("button", { type: "button", onclick: () => this.descend(10) }, "10 steps");
    this.undo = html("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "As recorded");
    this.note = html("p", { class: "soft" });
    byId("learn").replaceChildren(
      html("div", { class: "row" }, this.step, this.ten, html("label", {}, "α ", this.rate), this.undo),
      this.note,
      this.chart,
    );
    this.chart.setAttribute("aria-label", `${root} after each change`);
  }

  show() {
    const { graph, learns, live } = this.app;
    byId("loss").replaceChildren(
      `${graph.called[graph.root]} = ${shown(graph.value[graph.root])}`,
      html("small", {}, this.steps ? `after ${this.steps} step${this.steps > 1 ? "s" : ""}` : "at the end"),
    );
    if (!live) return;
    const reached = [...learns].filter((i) => graph.reached[i]),
      moving = reached.length;
    const still = moving && reached.every((i) => graph.delta[i] === 0);
    this.note.textContent = still
      ? `Every δ is 0: no direction leads ${this.steps ? "farther downhill" : "downhill, and nothing is learnt"}.`
      : moving
        ? `Each of ${moving.toLocaleString("en")} numbers moves against its δ: w ← w − α·δ.`
        : "No number moves: no derivative comes back to one, or none is chosen to.";
    this.step.disabled = this.ten.disabled = !moving;
    this.undo.disabled = this.history.length < 2;
    this.draw();
  }

  /** J falls, we hope: each chosen leaf moves against its derivative. */
  descend(times) {
    const { app } = this,
      { graph } = app,
      rate = parsed(this.rate.value);
    this.rate.classList.toggle("wrong", rate === null);
    if (rate === null) return app.say(`${this.rate.value} is not a learning rate: type a number such as 0.1.`);
    const before = graph.value[graph.root];
    for (let k = 0; k < times; k++) {
      for (const i of app.learns) if (graph.reached[i]) graph.value[i] -= rate * graph.delta[i];
      graph.evaluate();
      this.history.push(graph.value[graph.root]);
    }
    this.steps += times;
    app.changed();
    const now = graph.value[graph.root],
      root = graph.called[graph.root];
    app.say(`${root} went from ${shown(before)} to ${shown(now)}.${now > before ? " It grew: try a smaller α." : ""}`);
  }

  changedByHand() {
    this.history.push(this.app.graph.value[this.app.graph.root]);
    if (this.history.length > 400) this.history.splice(1, 1);
  }

  reset() {
    const { app } = this;
    app.graph.restore();
    this.history = [app.graph.value[app.graph.root]];
    this.steps = 0;
    app.changed();
    app.say("The recorded numbers are back.");
  }

  draw() {
    const values = this.history.filter(Number.isFinite),
      high = Math.max(...values),
      low = Math.min(...values, high > 0 ? 0 : high);
    const x = (i) => (values.length < 2 ? 4 : 4 + (232 * i) / (values.length - 1)),
      y = (v) => 58 - (52 * (v - low)) / (high - low || 1);
    const line = values.map((v, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
    const parts = [svg("path", { class: "floor", d: "M0 58H240" }), svg("path", { class: "line", d: line })];
    if (values.length)
      parts.push(svg("path", { class: "now", d: `M${x(values.length - 1)} ${y(values.at(-1))}h0.01` }));
    this.chart.replaceChildren(...parts);
    this.chart.classList.toggle("empty", values.length < 2);
  }
}
