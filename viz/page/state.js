// The state as an address: which step, what is chosen, which groups are open, which numbers were changed.

const CARRIED = 500; // changed numbers that a link carries

class State {
  constructor(app, given) {
    this.app = app;
    this.given = given ?? ""; // what whoever wrote the page wanted it to begin with
    addEventListener("hashchange", () => this.follow(location.hash));
  }

  /** Everything that is not as it was when the page was opened. */
  get address() {
    const { app } = this,
      { tree, selected, stage, camera } = app,
      said = [`step=${app.taken}`];
    const add = (name, value) => value && said.push(`${name}=${value}`);
    const pinned = (how) => tree.groups.flatMap((group, i) => (group.pinned === how ? [i] : [])).join(",");
    if (typeof selected === "number") said.push(`node=${selected}`);
    add("open", pinned(true));
    add("closed", pinned(false));
    add("set", this.changes().map(([i, x]) => `${i}:${x}`).join(","));
    if (!camera.following) add("look", "free");
    if (stage.dock.value !== "below") add("panels", stage.dock.value);
    if (stage.text !== SIZES[0]) add("text", stage.text);
    if (stage.other) add("compare", "1");
    if (app.quiz?.on) add("predict", "1");
    return `#${said.join("&")}`;
  }

  /** Leaves and constants that are not as recorded, with what they are now; none if they are too many. */
  changes() {
    const { graph } = this.app,
      [recorded] = graph.recorded,
      found = [];
    for (let i = 0; i < graph.size; i++)
      if (!graph.isComputed(i) && !Object.is(graph.value[i], recorded[i])) found.push([i, graph.value[i]]);
    this.many = found.length;
    return found.length > CARRIED ? [] : found;
  }

  /** The address says where we are. */
  keep() {
    if (!this.app.settled) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      try {
        history.replaceState(null, "", this.address);
      } catch {
        /* a sandboxed frame has no address of its own */
      }
    }, 100);
  }

  async copy() {
    byId("save").open = false;
    const { address } = this;
    if (this.many > CARRIED) return this.app.say(tell("no link", { n: this.many, most: CARRIED }));
    try {
      await navigator.clipboard.writeText(location.href.replace(/#.*|$/, address));
      this.app.say(tell("link copied"));
    } catch {
      this.app.say(tell("link in address"));
    }
  }

  follow(hash) {
    const { app } = this,
      { graph, tree, stage } = app,
      asked = new URLSearchParams((hash.length > 1 ? hash : this.given).replace(/^#/, ""));
    const whole = (name) => (/^\d+$/.test(asked.get(name) ?? "") ? Number(asked.get(name)) : null);
    const listed = (name) => (asked.get(name) ?? "").split(",").filter(Boolean);
    this.set(listed("set"));
    for (const [name, how] of [["open", true], ["closed", false]])
      for (const group of listed(name).map((i) => tree.groups[i])) if (group?.parent) group.open = group.pinned = how;
    if (tree.groups.some((group) => group.pinned !== undefined)) app.redraw();
    if (["below", "beside", "hidden"].includes(asked.get("panels"))) stage.place(asked.get("panels"));
    if (SIZES.includes(whole("text"))) stage.write(whole("text"));
    if (asked.get("compare") === "1" && !stage.other) stage.compare(true);
    if (asked.get("predict") === "1" && !app.quiz.on) app.quiz.turn(true);
    if (asked.get("look") === "free") app.follow(false);
    const node = whole("node"),
      step = whole("step");
    if (step !== null) app.go(step);
    if (node !== null && node < graph.size && app.selected !== node) app.find(node);
  }

  /** Numbers that a link says, of leaves and constants alone. */
  set(pairs) {
    const { graph } = this.app,
      found = pairs
        .map((pair) => pair.split(":"))
        .map(([i, x]) => [Number(i), Number(x)])
        .filter(([i, x]) => Number.isInteger(i) && i >= 0 && i < graph.size && graph.canChange(i) && !Number.isNaN(x));
    if (!found.length) return;
    for (const [i, x] of found) graph.value[i] = x;
    graph.evaluate();
    this.app.learning.begin();
    this.app.changed();
  }
}
