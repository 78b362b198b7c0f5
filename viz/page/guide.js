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
        title: tell("guide 1"),
        go: 0,
        text: tell("guide 1, said", { root }),
      },
      {
        at: ".transport",
        title: tell("guide 2"),
        go: 1,
        text: tell("guide 2, said"),
      },
      {
        at: ".story",
        title: tell("guide 3"),
        go: Math.min(2, graph.seed),
        text: tell("guide 3, said"),
      },
      ...(has
        ? [
            {
              at: ".stage",
              title: tell("guide 4"),
              go: graph.seed + 2,
              text: tell("guide 4, said", { root }),
            },
          ]
        : []),
      {
        at: ".node",
        title: tell("guide 5"),
        go: Math.min(graph.seed + 3, graph.steps),
        text: tell("guide 5, said"),
      },
      ...(app.live && has
        ? [
            {
              at: ".learn",
              title: tell("guide 6"),
              go: graph.steps,
              text: tell("guide 6, said", { root }),
            },
          ]
        : []),
    ];
  }

  start() {
    this.app.stage.unhide();
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
    byId("guide-count").textContent = tell("guide of", { k: this.at + 1, n: this.list.length });
    byId("guide-next").textContent = tell(this.at === this.list.length - 1 ? "begin" : "next");
    this.place(target.getBoundingClientRect(), at);
    this.app.say(`${title}. ${text}`);
  }

  /**
   * Above or below what it speaks of, inside the window; in the picture's corner; on a phone at the lower edge, but
   * beside or above what is there.
   */
  place({ left, right, top, bottom, width }, at) {
    const { offsetWidth, offsetHeight } = this.box,
      gap = 14,
      picture = at === ".stage",
      phone = innerWidth <= 860,
      beside = phone && !picture && left > offsetWidth + gap,
      covers = phone && !picture && !beside && bottom > innerHeight - offsetHeight - gap;
    const x = picture ? this.aside(left, right, offsetWidth) : beside ? left - offsetWidth - gap : left + width / 2 - offsetWidth / 2;
    const y =
      phone && !covers
        ? innerHeight
        : picture
          ? top + 16
          : top - offsetHeight - gap > 0
            ? top - offsetHeight - gap
            : bottom + gap;
    this.box.style.left = `${Math.max(12, Math.min(x, innerWidth - offsetWidth - 12))}px`;
    this.box.style.top = `${Math.max(12, Math.min(y, innerHeight - offsetHeight - 12))}px`;
  }

  /** The right corner of the picture, or the left one where the result stands in the right. */
  aside(left, right, wide) {
    const { cards } = this.app.picture,
      card = cards.get(this.app.tree.shows(this.app.graph.root));
    const covers = card && card.g.getBoundingClientRect().right > right - wide - 32;
    return covers ? left + 16 : right - wide - 16;
  }

  close() {
    this.box.hidden = true;
    document.querySelectorAll(".shown-around").forEach((element) => element.classList.remove("shown-around"));
    byId("tour").focus({ preventScroll: true });
  }
}
