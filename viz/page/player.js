// Moving through the steps: buttons, slider, keys, play, breakpoints, links and search.

class Player {
  constructor(app) {
    this.app = app;
    this.playing = false;
    this.done = document.querySelector(".done");
    const click = (id, act) => byId(id).addEventListener("click", act);
    click("start", () => app.go(0));
    click("back", (event) => (event.shiftKey ? this.unit(true) : this.step(-1)));
    click("forth", (event) => (event.shiftKey ? this.unit(false) : this.step(1)));
    click("end", () => app.go(app.graph.steps));
    click("play", () => this.toggle());
    byId("slider").addEventListener("input", (event) => app.go(Number(event.target.value)));
    byId("number").addEventListener("change", (event) => app.go(Math.round(Number(event.target.value) || 0)));
    this.chooseSpeed(byId("speed"));
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** Whoever chose a speed with the mouse has the page's keys back. */
  chooseSpeed(select) {
    let pointed = false;
    select.addEventListener("pointerdown", () => {
      pointed = true;
    });
    select.addEventListener("keydown", () => {
      pointed = false;
    });
    select.addEventListener("change", () => pointed && select.blur());
  }

  step(by) {
    this.stop();
    if (by > 0 && this.app.quiz.ask(this.app.taken)) return;
    this.app.quiz.close();
    this.app.go(this.app.taken + by, by > 0);
  }

  unit(back) {
    this.stop();
    this.app.go(this.app.graph.unit(this.app.taken, back));
  }

  show() {
    const { graph, taken } = this.app,
      slider = byId("slider");
    slider.max = graph.steps;
    slider.value = taken;
    if (document.activeElement !== byId("number")) byId("number").value = taken;
    const where =
      taken <= graph.seed
        ? tell("forward of", { k: taken, n: graph.seed })
        : tell("backward of", { k: taken - graph.seed - 1, n: graph.steps - graph.seed - 1 });
    slider.setAttribute("aria-valuetext", where);
    this.done.style.clipPath = `inset(0 ${100 - (100 * taken) / graph.steps}% 0 0 round 4px)`;
    if (this.shown !== graph.steps) this.lengths();
    byId("back").disabled = byId("start").disabled = taken === 0;
    byId("forth").disabled = byId("end").disabled = taken === graph.steps;
  }

  /** How long the two passes are, one beside the other. */
  lengths() {
    const { graph } = this.app,
      bar = byId("slider").parentElement;
    this.shown = graph.steps;
    byId("number").max = graph.steps;
    byId("of-steps").textContent = tell("of steps", { n: graph.steps });
    bar.style.setProperty("--turn", `${(100 * (graph.seed + 0.5)) / graph.steps}%`);
    bar.parentElement.style.setProperty("--forward", Math.max(0.22, graph.seed / graph.steps));
  }

  // -- play ----------------------------------------------------------------------------------------

  toggle() {
    if (this.playing) return this.stop();
    if (this.app.quiz.on) return this.step(1);
    if (this.app.taken === this.app.graph.steps) this.app.go(0);
    this.playing = true;
    this.mark();
    this.due = performance.now() + 50;
    requestAnimationFrame((now) => this.tick(now));
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.mark();
    this.app.announce();
  }

  mark() {
    byId("play").classList.toggle("playing", this.playing);
    byId("play").setAttribute("aria-label", tell(this.playing ? "pause" : "play"));
  }

  tick(now) {
    if (!this.playing) return;
    const { app } = this,
      rate = Number(byId("speed").value);
    if (now >= this.due) {
      this.due = Math.max(this.due + 1000 / rate, now);
      app.go(app.taken + 1, true);
      if (app.taken === app.graph.steps || this.stopsHere()) return this.stop();
    }
    requestAnimationFrame((next) => this.tick(next));
  }

  get pace() {
    return this.playing ? 1000 / Number(byId("speed").value) : 700;
  }

  /** Whether a breakpoint holds: its number was just computed, or its δ is now complete. */
  stopsHere() {
    const { graph, taken, breakpoints } = this.app,
      { target } = graph.step(taken - 1);
    return (
      breakpoints.has(target) && (graph.momentOf(target, false) === taken || graph.momentOf(target, true) === taken)
    );
  }

  ticks() {
    const { graph, breakpoints } = this.app,
      marks = [];
    for (const i of breakpoints)
      for (const back of [false, true]) {
        const moment = graph.momentOf(i, back);
        if (moment) marks.push(moment);
      }
    document.querySelector(".ticks").replaceChildren(
      ...marks.map((moment) => {
        const mark = html("i", {});
        mark.style.left = `${(100 * moment) / graph.steps}%`;
        return mark;
      }),
    );
  }

  // -- keys ----------------------------------------------------------------------------------------

  key(event) {
    const { app } = this,
      { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return app.escape();
    const onSteps = target.id === "slider"; // which has the page's keys, but up and down as every slider has them
    if (target.matches("input:not([type=checkbox], #slider), select")) return;
    if (onSteps && ["ArrowUp", "ArrowDown"].includes(event.key)) return;
    const onButton = target.matches("button, [type=checkbox]");
    const act = {
      ArrowRight: () => (event.shiftKey ? this.unit(false) : this.step(1)),
      ArrowLeft: () => (event.shiftKey ? this.unit(true) : this.step(-1)),
      Home: () => app.go(0),
      End: () => app.go(app.graph.steps),
      " ": onButton ? null : () => this.toggle(),
      Enter: onButton ? null : () => app.chooseFocused(),
      ArrowDown: () => app.focusNext(1),
      ArrowUp: () => app.focusNext(-1),
      b: () => app.toggleBreakpoint(app.inspector.thing),
      o: () => app.toggleGroup(),
      "/": () => byId("search").focus(),
      "+": () => app.camera.zoomBy(1.25),
      "-": () => app.camera.zoomBy(0.8),
      "[": () => app.stage.enlarge(-1),
      "]": () => app.stage.enlarge(1),
      0: () => app.whole(),
      f: () => app.follow(!app.camera.following),
      c: () => app.stage.compare(!app.stage.other),
      p: () => app.quiz.turn(!app.quiz.on),
      g: () => byId("number").select(),
      "?": () => app.guide.start(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

// -- search -------------------------------------------------------------------------------------------

class Search {
  constructor(app) {
    this.app = app;
    this.input = byId("search");
    this.list = byId("found");
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("focus", () => this.look());
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  /** Nodes whose name, operation or scope has what was typed; plain z21 finds z²₁. */
  found(text) {
    const { graph } = this.app,
      wanted = plain(text),
      first = [],
      others = [];
    for (let i = 0; i < graph.size && first.length < 30; i++) {
      if (graph.isConstant(i)) break;
      const name = plain(graph.called[i]),
        typed = plain(graph.typed[i] ?? "");
      if (name.startsWith(wanted) || typed.startsWith(wanted)) first.push(i);
      else if (
        others.length < 30 &&
        `${name} ${graph.operation(i).name} ${graph.scopes[graph.scope[i]]}`.includes(wanted)
      )
        others.push(i);
    }
    return [...first, ...others].slice(0, 30);
  }

  look() {
    const text = this.input.value.trim(),
      { graph } = this.app;
    const rows = text ? this.found(text) : [];
    this.at = 0;
    this.list.hidden = !text;
    this.input.setAttribute("aria-expanded", String(Boolean(text)));
    this.list.replaceChildren(
      ...rows.map((i, at) => {
        const row = html(
          "li",
          { role: "option", id: `found${at}` },
          graph.called[i],
          html("small", {}, graph.scopes[graph.scope[i]]),
        );
        row.addEventListener("mousedown", () => this.choose(i));
        return row;
      }),
    );
    if (text && !rows.length) this.list.append(html("li", { class: "soft" }, tell("nothing found")));
    this.rows = rows;
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((row, i) =>
      row.setAttribute("aria-selected", String(i === this.at && this.rows.length > 0)),
    );
    this.input.setAttribute("aria-activedescendant", this.rows.length ? `found${this.at}` : "");
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way && this.rows?.length) {
      event.preventDefault();
      this.at = (this.at + way + this.rows.length) % this.rows.length;
      this.mark();
    } else if (event.key === "Enter" && this.rows?.length) this.choose(this.rows[this.at]);
    else if (event.key === "Escape") this.input.blur();
  }

  choose(i) {
    this.input.value = "";
    this.close();
    this.input.blur();
    this.app.find(i);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
  }
}

/** A name as any keyboard can type it: z²₁ as z21. */
const plain = (text) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[_^\s\u2068\u2069]/g, "");
