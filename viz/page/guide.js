// A short guided introduction that moves the page while it explains it.

class Guide {
  constructor(app) {
    this.app = app;
    this.box = byId("guide");
    byId("tour").addEventListener("click", () => this.start());
    byId("guide-next").addEventListener("click", () => this.next());
    byId("guide-close").addEventListener("click", () => this.close());
  }

  stops() {
    const { app } = this,
      { graph } = app,
      root = graph.called[graph.root],
      has = graph.steps > graph.seed + 1;
    return [
      {
        at: ".stage",
        title: "Every card is a number",
        go: 0,
        text: `Round cards were given: inputs and weights. The others are computed from what their arrows bring, left to right, until ${root} stands at the right.`,
      },
      {
        at: ".transport",
        title: "One step at a time",
        go: 1,
        text: "Press → and one number is computed; ← takes it back. The slider goes anywhere, the space bar plays.",
      },
      {
        at: ".story",
        title: "In words, and in numbers",
        go: Math.min(2, graph.seed),
        text: "What just happened is written here: a sentence, the arithmetic with the numbers in it, and what it means.",
      },
      ...(has
        ? [
            {
              at: ".stage",
              title: "Then the derivatives come back",
              go: graph.seed + 2,
              text: `δ says how fast ${root} moves when a number moves. It travels against the arrows, and each arrow multiplies it by its slope: that is the chain rule. Orange raises ${root}, blue lowers it.`,
            },
          ]
        : []),
      {
        at: ".node",
        title: "Look closer",
        go: Math.min(graph.seed + 3, graph.steps),
        text: "Click any card to see its formula, what it comes from and where it goes. A click on its corner sets a breakpoint: play stops there.",
      },
      ...(app.live && has
        ? [
            {
              at: ".learn",
              title: "Now change something",
              go: graph.steps,
              text: `Choose a round card and drag its value: every number follows. Or step downhill: each weight moves a little against its δ, and ${root} falls.`,
            },
          ]
        : []),
    ];
  }

  start() {
    this.list = this.stops();
    this.at = -1;
    this.box.hidden = false;
    this.next();
    byId("guide-next").focus({ preventScroll: true });
  }

  next() {
    this.at += 1;
    if (this.at >= this.list.length) return this.close();
    const { at, title, text, go } = this.list[this.at],
      target = document.querySelector(at);
    this.app.go(go, go === 1);
    document.querySelectorAll(".shown-around").forEach((element) => element.classList.remove("shown-around"));
    target.classList.add("shown-around");
    target.scrollIntoView({ block: "nearest" });
    byId("guide-title").textContent = title;
    byId("guide-text").textContent = text;
    byId("guide-count").textContent = `${this.at + 1} of ${this.list.length}`;
    byId("guide-next").textContent = this.at === this.list.length - 1 ? "Start" : "Next";
    this.place(target.getBoundingClientRect(), at);
    this.app.say(`${title}. ${text}`);
  }

  /** Above or below what it speaks of, inside the window; in the picture's corner; on a phone at the lower edge. */
  place({ left, right, top, bottom, width }, at) {
    const { offsetWidth, offsetHeight } = this.box,
      gap = 14,
      picture = at === ".stage";
    const x = picture ? right - offsetWidth - 16 : left + width / 2 - offsetWidth / 2;
    const y =
      innerWidth <= 860
        ? innerHeight
        : picture
          ? top + 16
          : top - offsetHeight - gap > 0
            ? top - offsetHeight - gap
            : bottom + gap;
    this.box.style.left = `${Math.max(12, Math.min(x, innerWidth - offsetWidth - 12))}px`;
    this.box.style.top = `${Math.max(12, Math.min(y, innerHeight - offsetHeight - 12))}px`;
  }

  close() {
    this.box.hidden = true;
    document.querySelectorAll(".shown-around").forEach((element) => element.classList.remove("shown-around"));
    byId("tour").focus({ preventScroll: true });
  }
}
