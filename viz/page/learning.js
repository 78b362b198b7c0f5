// Learning: steps downhill for one sample or the mean of several, the curve of what they come to, and what is said
// over the plane of two inputs.

const CELLS = 32; // of the plane, each way
const KEPT = 400; // points of the curve

class Learning {
  constructor(app) {
    this.app = app;
    this.steps = 0;
    this.samples = app.graph.samples;
    this.letter = app.graph.called.includes("α") ? "η" : "α"; // of the rate
    if (!app.live) {
      byId("learn").replaceChildren(html("p", { class: "soft" }, tell("nothing to learn")));
      return;
    }
    this.build();
    this.begin();
  }

  build() {
    const { graph } = this.app,
      button = (what, how, act) => html("button", { type: "button", class: how, onclick: act }, tell(what));
    this.chart = svg("svg", { class: "chart", viewBox: "0 0 240 64", preserveAspectRatio: "none", role: "img" });
    this.rate = html("input", {
      type: "text",
      inputmode: "decimal",
      class: "number",
      value: shown(graph.rate),
      "aria-label": tell("rate", { rate: this.letter }),
    });
    this.step = button("step downhill", "main", () => this.descend(1));
    this.ten = button("ten steps", "", () => this.descend(10));
    this.undo = button("reset", "quiet", () => this.reset());
    this.undo.title = tell("reset why");
    this.note = html("p", { class: "soft" });
    this.plane = graph.plane ? new Plane(this.app, this.samples) : null;
    const buttons = html("div", { class: "row" }, this.step, this.ten, html("label", {}, `${this.letter} `, this.rate), this.undo),
      drawn = html("div", { class: "drawn" }, this.chart, ...(this.plane ? [this.plane.canvas] : []));
    byId("learn").replaceChildren(buttons, ...(this.samples ? [this.chooser()] : []), this.note, drawn);
    const chart = this.samples ? "chart of mean" : "chart";
    this.chart.setAttribute("aria-label", tell(chart, { root: graph.called[graph.root] }));
  }

  /** Which of the samples the picture shows. */
  chooser() {
    const { rows, leaves } = this.samples,
      { graph } = this.app;
    const at = rows.findIndex((row) => row.every((x, k) => x === graph.value[leaves[k]]));
    this.which = html("input", { type: "number", min: 1, max: rows.length, "aria-label": tell("sample how") });
    this.which.value = at < 0 ? "" : at + 1;
    this.which.addEventListener("change", () => {
      const row = rows[Number(this.which.value) - 1];
      if (!row) return;
      this.put(row);
      graph.evaluate();
      this.app.changed();
    });
    const of = html("span", { class: "soft" }, ` ${tell("of steps", { n: rows.length })}`);
    return html("label", { class: "sample" }, `${tell("sample")} `, this.which, of);
  }

  put(row) {
    this.samples.leaves.forEach((i, k) => {
      this.app.graph.value[i] = row[k];
    });
  }

  begin() {
    this.found = this.measure();
    this.history = [this.found.mean];
  }

  /** What there is to be lowered, and its slope along every number: of the sample shown, or the mean of all. */
  measure() {
    const { graph, learns } = this.app;
    if (!this.samples) return { mean: graph.value[graph.root], slope: graph.delta };
    const { leaves, rows } = this.samples,
      kept = leaves.map((i) => graph.value[i]),
      slope = new Float64Array(graph.size);
    let mean = 0;
    for (const row of rows) {
      this.put(row);
      graph.evaluate();
      mean += graph.value[graph.root] / rows.length;
      for (const i of learns) if (graph.reached[i]) slope[i] += graph.delta[i] / rows.length;
    }
    this.put(kept);
    graph.evaluate();
    return { mean, slope };
  }

  show() {
    const { graph } = this.app,
      root = graph.called[graph.root],
      heading = this.app.quiz?.on
        ? root
        : this.samples
          ? tell("mean", { root, x: equals(this.found.mean) })
          : `${root} ${equals(graph.value[graph.root])}`;
    byId("loss").replaceChildren(
      heading,
      html("small", {}, this.steps ? tell("after steps", { n: this.steps }) : tell("at the end")),
    );
    if (!this.app.live) return;
    const moving = this.moving(),
      state = this.state(moving);
    this.note.textContent = tell(state, { n: moving.length, rate: this.letter, of: this.samples?.rows.length ?? 1 });
    this.step.disabled = this.ten.disabled = !["moves", "moves by mean", "flat", "flat now"].includes(state);
    this.undo.disabled = this.history.length < 2;
    this.draw();
    this.plane?.ask();
  }

  moving() {
    return [...this.app.learns].filter((i) => this.app.graph.reached[i]);
  }

  state(moving) {
    const { slope } = this.found;
    if (!moving.length) return "still";
    if (moving.some((i) => !Number.isFinite(slope[i]))) return "not finite";
    if (moving.every((i) => slope[i] === 0)) return this.steps ? "flat now" : "flat";
    return this.samples ? "moves by mean" : "moves";
  }

  /** J falls, we hope: each chosen leaf moves against its derivative. */
  descend(times) {
    const { app } = this,
      { graph } = app,
      rate = parsed(this.rate.value);
    this.rate.classList.toggle("wrong", rate === null);
    if (rate === null) return app.say(tell("no rate", { x: this.rate.value }));
    const before = this.found.mean;
    for (let k = 0; k < times && this.state(this.moving()) !== "not finite"; k++) {
      for (const i of this.moving()) graph.value[i] -= rate * this.found.slope[i];
      graph.evaluate();
      this.found = this.measure();
      this.history.push(this.found.mean);
      this.steps += 1;
    }
    this.forget();
    app.changed();
    const now = this.found.mean,
      facts = { root: graph.called[graph.root], from: shown(before), to: shown(now) };
    app.say(`${tell("went", facts)}${now > before ? ` ${tell("it grew", { rate: this.letter })}` : ""}`);
  }

  changedByHand() {
    this.found = this.measure();
    this.history.push(this.found.mean);
    this.forget();
  }

  forget() {
    if (this.history.length > KEPT) this.history.splice(1, this.history.length - KEPT);
  }

  reset() {
    const { app } = this;
    app.graph.restore();
    this.steps = 0;
    this.begin();
    app.changed();
    app.say(tell("recorded again"));
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

/** Two inputs as axes, and in colour what the network says for them; the samples as points, coloured by their aim. */
class Plane {
  constructor(app, samples) {
    Object.assign(this, { app, samples });
    const { graph } = app,
      [x, y] = graph.plane,
      place = (i) => samples.leaves.indexOf(i);
    this.columns = { x: place(x), y: place(y), aim: place(graph.aim) };
    this.span = { x: spanOf(samples.rows, this.columns.x), y: spanOf(samples.rows, this.columns.y) };
    const told = { x: graph.called[x], y: graph.called[y], z: graph.called[graph.says] };
    this.canvas = html("canvas", { class: "plane", width: 160, height: 160, role: "img", "aria-label": tell("plane", told) });
    this.canvas.title = tell("plane", told);
  }

  /** Draw before the next frame, once, however often it was asked. */
  ask() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = undefined;
      this.draw();
    });
  }

  draw() {
    const { columns, samples } = this,
      pen = this.canvas.getContext("2d"),
      said = this.said(),
      aims = columns.aim < 0 ? [] : samples.rows.map((row) => row[columns.aim]);
    const colour = colours(said.concat(aims));
    const small = new ImageData(CELLS, CELLS);
    said.forEach((z, k) => small.data.set(colour(z), 4 * k));
    const cells = document.createElement("canvas");
    cells.width = cells.height = CELLS;
    cells.getContext("2d").putImageData(small, 0, 0);
    pen.drawImage(cells, 0, 0, this.canvas.width, this.canvas.height);
    samples.rows.forEach((row, k) => this.point(pen, row, columns.aim < 0 ? null : colour(aims[k], 1)));
  }

  /** What is said at each cell's middle, from the upper left. */
  said() {
    const { graph } = this.app,
      kept = graph.value.slice(),
      [a, b] = graph.plane,
      { x, y } = this.span,
      found = [];
    for (let row = 0; row < CELLS; row++)
      for (let column = 0; column < CELLS; column++) {
        graph.value[a] = x.low + ((column + 0.5) / CELLS) * (x.high - x.low);
        graph.value[b] = y.high - ((row + 0.5) / CELLS) * (y.high - y.low);
        graph.compute(graph.says);
        found.push(graph.value[graph.says]);
      }
    graph.value.set(kept);
    return found;
  }

  point(pen, row, colour) {
    const { x, y } = this.span,
      { columns, canvas } = this;
    pen.beginPath();
    pen.arc(
      ((row[columns.x] - x.low) / (x.high - x.low)) * canvas.width,
      ((y.high - row[columns.y]) / (y.high - y.low)) * canvas.height,
      4,
      0,
      7,
    );
    pen.fillStyle = colour ? `rgb(${colour.slice(0, 3).join(" ")})` : "#888";
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#fff";
    pen.stroke();
    pen.lineWidth = 0.7;
    pen.strokeStyle = "#000";
    pen.stroke();
  }
}

/** The numbers of one column, with a tenth of room on either side. */
function spanOf(rows, column) {
  const all = rows.map((row) => row[column]),
    low = Math.min(...all),
    high = Math.max(...all),
    room = (high - low || 1) / 10;
  return { low: low - room, high: high + room };
}

/** From a number to red, green, blue, alpha: blue at the least of all, orange at the largest, pale between. */
function colours(all) {
  const known = all.filter(Number.isFinite),
    low = Math.min(...known),
    high = Math.max(...known);
  const ends = [
    [0, 114, 178],
    [213, 94, 0],
  ];
  return (z, least = 0) => {
    if (!Number.isFinite(z)) return [163, 21, 124, 255];
    const at = high > low ? (2 * (z - low)) / (high - low) - 1 : 0,
      strength = Math.max(least, Math.abs(at) * 0.85);
    return [...ends[Number(at > 0)].map((c) => Math.round(248 + (c - 248) * strength)), 255];
  };
}
