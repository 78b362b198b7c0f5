// Everything together: one state (steps taken, chosen number, breakpoints, leaves' values), and who shows it.

const QUICK = 150; // milliseconds from step to step below which nobody reads what each one says
const SEVERAL = 12; // operands of a step up to which all of them are brought near

class App {
  constructor(data) {
    Object.assign(language, data.language);
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
      settled: false,
    });
    this.live = graph.seed > 0;
    this.tree = new Tree(graph);
    this.stage = new Stage(this);
    this.state = new State(this, data.state);
    this.stage.place();
    this.picture = new Picture(document.querySelector(".picture"), this);
    this.camera = new Camera(this.picture);
    this.story = new Story(this);
    this.inspector = new Inspector(this);
    this.learning = new Learning(this);
    this.player = new Player(this);
    this.search = new Search(this);
    this.guide = new Guide(this);
    this.paths = new Paths(this);
    this.quiz = new Quiz(this);
    this.stage.begin();
    this.camera.fit();
    this.state.follow(location.hash);
    if (!this.taken) this.watch(false);
    this.learning.show();
    this.show();
    this.settled = true;
  }

  // -- looking -------------------------------------------------------------------------------------

  whole() {
    this.follow(false);
    if (this.tree.openThese(this.tree.some)) this.redraw();
    this.camera.fit(true);
    this.say(tell("whole seen"));
  }

  /** Keep what is at work open and near, or leave everything where it is. */
  follow(on) {
    this.camera.following = on;
    byId("follow").setAttribute("aria-pressed", String(on));
    if (on) this.watch();
    this.state.keep();
    this.say(tell(on ? "followed" : "let go"));
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
    this.stage.other?.picture.move(Math.max(0, from - 1), Math.max(0, to - 1));
    this.show();
    this.watch(this.settled);
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
    this.state.keep();
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

  /** The step that the picture is about: the last one, at first the one that will begin. */
  get atWork() {
    return this.graph.step(Math.max(0, this.taken - 1));
  }

  watch(glides = true) {
    const { camera, graph } = this;
    if (!camera.following) return;
    if (!graph.seed) return camera.fit(glides);
    const { phase, node, target } = this.atWork,
      near = phase === "forward" ? [...graph.operands(node)].slice(0, SEVERAL) : [node];
    if (!this.run) this.focus([node, target], near);
    camera.follow([...near, target].map((i) => this.tree.shows(i)), this.run > 3, glides);
  }

  /** Open what is at work, and fold the rest where the whole cannot be read; the card at work stays where it is. */
  focus(inner, near) {
    const { tree, picture, camera, selected } = this,
      anchor = inner.at(-1),
      before = picture.cards.get(tree.shows(anchor));
    this.unfolded ??= picture.layout; // as it was drawn first
    const roomy = camera.zoomFor(this.unfolded) >= camera.readable;
    if (!tree.arrange(typeof selected === "number" ? [...inner, selected] : inner, near, roomy)) return;
    this.redraw();
    camera.keep(picture.cards.get(tree.shows(anchor)), before);
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
    for (const picture of this.stage.pictures) for (const each of [before, thing]) picture.refreshThing(each);
    this.inspector.show();
    this.state.keep();
  }

  /** Choose node i, opening the groups around it and looking at it. */
  find(i) {
    if (this.tree.reveal(i)) this.redraw();
    if (this.selected !== i) this.choose(i);
    this.camera.bring([i], this.settled);
  }

  toggleBreakpoint(thing) {
    if (typeof thing !== "number" || this.graph.isConstant(thing)) return;
    this.breakpoints.has(thing) ? this.breakpoints.delete(thing) : this.breakpoints.add(thing);
    for (const picture of this.stage.pictures) picture.refreshThing(thing);
    this.inspector.show();
    this.player.ticks();
    this.say(tell(this.breakpoints.has(thing) ? "breakpoint set" : "breakpoint gone", { x: this.graph.called[thing] }));
  }

  escape() {
    if (!byId("guide").hidden) return this.guide.close();
    if (this.paths.lit) return this.paths.clear();
    if (this.selected !== null) this.choose(this.selected);
  }

  // -- groups --------------------------------------------------------------------------------------

  open(group, opened) {
    group.open = group.pinned = opened;
    if (this.selected === group) this.selected = null;
    this.redraw();
    if (opened && this.camera.whole < this.camera.readable) this.camera.lookAt(this.picture.layout.boxes.get(group));
    else this.camera.fit(true);
    this.state.keep();
    this.say(tell(opened ? "opened" : "closed", { x: group.name }));
  }

  toggleGroup() {
    const { thing } = this.inspector,
      group = typeof thing === "number" ? this.tree.home[thing] : thing;
    if (group?.parent) this.open(group, !group.open);
  }

  redraw() {
    for (const picture of this.stage.pictures) picture.draw();
    this.camera.go(this.camera.view, false);
    this.paths.show();
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
    for (const picture of this.stage.pictures) picture.refresh();
    this.paths.find();
    this.quiz.renew();
    this.show();
    this.learning.show();
    this.player.ticks();
    this.state.keep();
  }
}

window.app = new App(JSON.parse(byId("data").textContent));
performance.mark("ready");
