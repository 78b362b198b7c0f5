// Predicting: before a step the learner says its numbers; the marks are marking.js's.

class Quiz {
  constructor(app) {
    Object.assign(this, { app, on: false, answered: new Set(), first: { right: 0, asked: 0 } });
    this.exam = new Exam(app.graph);
    this.box = byId("quiz");
    this.typed = byId("answer");
    this.box.addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    byId("predict").addEventListener("click", () => this.turn(!this.on));
    byId("keep").addEventListener("click", () => this.keep());
    byId("tell").addEventListener("click", () => this.tell());
  }

  turn(on) {
    this.on = on;
    this.exam.begin();
    this.answered.clear();
    this.first = { right: 0, asked: 0 };
    byId("predict").setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("predicts", on);
    if (on) this.app.stage.unhide();
    this.close();
    this.verdict("", "");
    this.app.learning.show();
    this.app.inspector.show();
    this.app.state.keep();
    this.app.say(tell(on ? "predicting" : "not predicting"));
    if (on) this.verdict("", tell("predicting"));
  }

  /** Numbers have changed: what was said of the old ones is gone. */
  renew() {
    this.exam.begin();
    this.answered.clear();
    this.close();
  }

  /** Ask about step k, if it has not been asked; whether anything is asked. */
  ask(k) {
    if (!this.on || k >= this.app.graph.steps || this.answered.has(k)) return false;
    if (this.k === k) {
      this.typed.focus();
      return true;
    }
    this.left = this.exam.kinds(k);
    if (!this.left.length) return false;
    this.k = k;
    this.next();
    return true;
  }

  next() {
    const [kind] = this.left,
      { words, graph } = this.app,
      { edge, node, target } = graph.step(this.k);
    this.question = this.exam.question(this.k, kind);
    this.tries = 0;
    const facts = { y: graph.called[node], x: graph.called[target], formula: words.computed(node).formula };
    byId("asked").textContent = tell(`ask ${kind}`, facts);
    byId("asked-how").textContent = this.help(kind, edge);
    this.facts = facts;
    this.typed.value = "";
    byId("keep").hidden = true;
    document.body.classList.add("asks");
    this.typed.focus({ preventScroll: true });
    this.app.say(`${byId("asked").textContent} ${byId("asked-how").textContent}`);
  }

  /** What the answer is made of, without it. */
  help(kind, edge) {
    if (kind === "slope") return "";
    const { words, graph } = this.app,
      { node, target } = graph.step(this.k);
    if (kind === "value") {
      const { y, formula, is_numbers } = words.computed(node);
      return `${y} = ${formula}${is_numbers.slice(2) === formula ? "" : ` ${is_numbers}`}`;
    }
    const { x, y, local, is_product } = words.sent(edge, this.k),
      { delta } = graph.gathered(target, this.k);
    return `δ(${x}) += δ(${y})·${local} ${is_product}${delta === null ? "" : `;  δ(${x}) ${equals(delta)}`}`;
  }

  check() {
    const mark = marked(this.question, this.typed.value),
      [kind] = this.left;
    this.tries += mark.verdict === "unclear" ? 0 : 1;
    if (mark.verdict === "right" || mark.verdict === "following") return this.go(mark.x, mark.verdict);
    const general = kind === "value" ? "wrong" : `wrong ${kind}`;
    this.verdict("wrong", tell(`hint ${mark.hint === "wrong" ? general : mark.hint}`, this.facts));
    byId("keep").hidden = mark.verdict === "unclear";
    this.wrong = mark.x;
    this.typed.select();
  }

  keep() {
    this.go(this.wrong, "kept");
  }

  tell() {
    this.tries += 1;
    this.go(this.question.truth, "told");
  }

  /** Go on with a number: to the next question of this step, or to the step itself. */
  go(x, how) {
    const [kind] = this.left,
      { truth } = this.question,
      isRight = how === "right" || how === "following";
    this.exam.keep(this.k, kind, x);
    this.first.asked += 1;
    this.first.right += Number(isRight && this.tries === 1);
    this.verdict(isRight ? "right" : how, tell(`is ${how}`, { x: shown(x), truth: shown(truth) }));
    this.left.shift();
    if (this.left.length) return this.next();
    const { k } = this;
    this.answered.add(k);
    this.close();
    this.app.go(k + 1, true);
    byId("predict").focus({ preventScroll: true });
  }

  verdict(how, text) {
    const mark = byId("mark");
    mark.className = how;
    mark.textContent = text;
    byId("score").textContent = this.first.asked ? tell("score", this.first) : "";
  }

  close() {
    this.k = null;
    document.body.classList.remove("asks");
  }
}
