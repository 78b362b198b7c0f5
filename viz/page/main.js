// Everything together: one state (steps taken, chosen number, breakpoints, leaves' values), and who shows it.

const QUICK = 150; // milliseconds from step to step below which nobody reads what each one says

class App {
  constructor(data) {
    const graph = new Graph(data);
    Object.assign(this, {
      graph,
      taken: 0,
      selected: null,
      breakpoints: new Set(),
      words: new Words(graph),
      learns: new Set(graph.learn),
      still: matchMedia("(prefers-reduced-motion: reduce)"),
      run: 0,
      gone: -Infinity,
    });
    this.live = graph.seed > 0;
    this.tree = new Tree(graph);
    this.picture = new Picture(document.querySelector(".picture"), this);
    this.camera = new Camera(this.picture);
    this.story = new Story(this);
    this.inspector = new Inspector(this);
    this.learning = new Learning(this);
    this.player = new Player(this);
    this.search = new Search(this);
    this.guide = new Guide(this);
    this.look();
    this.camera.fit();
    this.watch();
    this.learning.show();
    this.show();
    this.player.follow(location.hash);
  }

  look() {
    byId("nearer").addEventListener("click", () => this.camera.zoomBy(1.25));
    byId("farther").addEventListener("click", () => this.camera.zoomBy(0.8));
    byId("whole").addEventListener("click", () => this.whole());
    byId("follow").addEventListener("click", () => this.follow(!this.camera.following));
    this.camera.onLetGo = () => byId("follow").setAttribute("aria-pressed", "false");
  }

  whole() {
    this.camera.fit(true);
    this.camera.letGo();
  }

  follow(on) {
    this.camera.following = on;
    byId("follow").setAttribute("aria-pressed", String(on));
    if (on) this.watch();
  }

  // -- steps ---------------------------------------------------------------------------------------

  /** After so many steps; a single step forth may show its numbers flying. */
  go(taken, flies = false) {
    const to = Math.max(0, Math.min(this.graph.steps, taken)),
      from = this.taken;
    if (!Number.isFinite(to)) return;
    this.taken = to;
    this.pace();
    this.picture.move(from, to);
    this.show();
    this.watch();
    const flight = Math.min(620, this.player.pace * 0.8);
    if (flies && to === from + 1 && flight > 150 && !this.still.matches) this.picture.fly(from, flight);
    else this.picture.layers.flights.replaceChildren();
    if (!this.player.playing && !this.run) this.announce();
  }

  /** How many steps have come in quick succession, and when they have ended. */
  pace() {
    const now = performance.now();
    this.run = now - this.gone < QUICK ? this.run + 1 : 0;
    this.gone = now;
    if (this.run === 1) document.body.classList.add("fast");
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), 1.3 * QUICK);
  }

  /** After a step that no other follows: what nobody can see in a run of steps. */
  settle() {
    this.player.link();
    if (!this.run) return;
    this.run = 0;
    document.body.classList.remove("fast");
    this.inspector.show();
    this.watch();
    if (!this.player.playing) this.announce();
  }

  show() {
    this.player.show();
    this.story.show();
    if (!this.run || this.selected !== null) this.inspector.show();
  }

  watch() {
    const { camera } = this;
    const enough = camera.size.width < 600 ? READABLE_ZOOM : VISIBLE_ZOOM; // the whole on a phone says little
    if (!this.taken && (camera.whole >= enough || !this.graph.seed)) return camera.following && camera.fit(true);
    const { phase, node, target } = this.graph.step(Math.max(0, this.taken - 1)), // at first, where it will begin
      shows = (i) => this.tree.shows(i);
    const near = phase === "forward" ? [...this.graph.operands(node)].slice(0, 12) : [node];
    camera.follow([...near, target].map(shows), this.run > 3);
  }

  announce() {
    this.say(this.story.spoken);
  }

  say(text) {
    byId("said").textContent = text;
  }

  // -- choosing ------------------------------------------------------------------------------------

  choose(thing) {
    const before = this.selected;
    this.selected = this.selected === thing ? null : thing;
    for (const card of [before, thing])
      if (this.picture.cards.has(card)) this.picture.refreshCard(this.picture.cards.get(card));
    this.inspector.show();
    this.player.link();
  }

  /** Choose node i, opening the groups around it and looking at it. */
  find(i) {
    if (this.tree.reveal(i)) this.redraw();
    if (this.selected !== i) this.choose(i);
    this.camera.bring([i]);
  }

  toggleBreakpoint(thing) {
    if (typeof thing !== "number" || this.graph.isConstant(thing)) return;
    this.breakpoints.has(thing) ? this.breakpoints.delete(thing) : this.breakpoints.add(thing);
    if (this.picture.cards.has(thing)) this.picture.refreshCard(this.picture.cards.get(thing));
    this.inspector.show();
    this.player.ticks();
    this.say(`Breakpoint at ${this.graph.called[thing]} ${this.breakpoints.has(thing) ? "set" : "removed"}.`);
  }

  escape() {
    if (!byId("guide").hidden) return this.guide.close();
    if (this.selected !== null) this.choose(this.selected);
  }

  // -- groups --------------------------------------------------------------------------------------

  open(group, opened) {
    group.open = opened;
    if (this.selected === group) this.selected = null;
    this.redraw();
    if (opened && this.camera.whole < 0.6) this.camera.lookAt(this.picture.layout.boxes.get(group));
    this.say(`${group.name} ${opened ? "opened" : "closed"}.`);
  }

  toggleGroup() {
    const { thing } = this.inspector,
      group = typeof thing === "number" ? this.tree.home[thing] : thing;
    if (group?.parent) this.open(group, !group.open);
  }

  redraw() {
    this.picture.draw();
    this.camera.fit(true);
    this.inspector.show();
  }

  // -- by keyboard ---------------------------------------------------------------------------------

  focusNext(by) {
    const cards = [...this.picture.cards.values()],
      at = cards.findIndex(({ g }) => g === document.activeElement);
    const next = cards[at < 0 ? (by > 0 ? 0 : cards.length - 1) : (at + by + cards.length) % cards.length];
    if (!next) return;
    next.g.focus({ preventScroll: true });
    this.camera.bring([next.thing]);
  }

  chooseFocused() {
    for (const card of this.picture.cards.values()) if (card.g === document.activeElement) this.choose(card.thing);
  }

  // -- numbers -------------------------------------------------------------------------------------

  /** Give a leaf or a constant another value; everything follows. */
  change(i, x) {
    this.graph.value[i] = x;
    this.graph.evaluate();
    this.learning.changedByHand();
    this.changed();
  }

  changed() {
    this.taken = Math.min(this.taken, this.graph.steps);
    this.picture.refresh();
    this.show();
    this.learning.show();
    this.player.ticks();
  }
}

window.app = new App(JSON.parse(byId("data").textContent));
performance.mark("ready");
