// The stage: what stands where, how large, in how many pictures; full screen, and what is saved of it.

const SIZES = [100, 125, 150, 200]; // of the letters, in percent
const STRIP = 0.05; // of the window, by which the arrow keys move the divider

class Stage {
  constructor(app) {
    this.app = app;
    this.other = null; // the picture before the step, where two stand side by side
    this.dock = byId("dock");
    this.divider = byId("divider");
    const click = (id, act) => byId(id).addEventListener("click", act);
    click("nearer", () => app.camera.zoomBy(1.25));
    click("farther", () => app.camera.zoomBy(0.8));
    click("smaller", () => this.enlarge(-1));
    click("larger", () => this.enlarge(1));
    click("whole", () => app.whole());
    click("follow", () => app.follow(!app.camera.following));
    click("compare", () => this.compare(!this.other));
    click("full", () => this.full());
    click("save-svg", () => this.saved("svg"));
    click("save-png", () => this.saved("png"));
    click("save-link", () => app.state.copy());
    this.dock.addEventListener("change", () => this.place(this.dock.value));
    byId("smaller").disabled = true;
    byId("full").hidden = !document.fullscreenEnabled;
    addEventListener("beforeprint", () => this.print());
    addEventListener("afterprint", () => byId("printed").replaceChildren());
    this.slide();
  }

  /** Once there is a camera. */
  begin() {
    const { camera, picture } = this.app;
    camera.onLetGo = () => byId("follow").setAttribute("aria-pressed", "false");
    camera.onMove = (_, glides) => {
      if (!this.other) return;
      this.other.camera.style.transform = picture.camera.style.transform;
      this.other.camera.classList.toggle("glides", glides);
    };
  }

  get pictures() {
    const { picture } = this.app;
    return this.other ? [picture, this.other.picture] : [picture];
  }

  // -- the letters ---------------------------------------------------------------------------------

  /** The size of the letters, in percent. */
  get text() {
    return Number(document.documentElement.dataset.text ?? SIZES[0]);
  }

  /** Letters one size larger, or smaller. */
  enlarge(by) {
    this.write(SIZES[SIZES.indexOf(this.text) + by] ?? this.text);
    this.app.say(tell("text size", { n: this.text }));
  }

  /** Letters of a size, in the panels and in the picture. */
  write(size) {
    const { dataset, style } = document.documentElement;
    if (size === SIZES[0]) delete dataset.text;
    else dataset.text = size;
    style.setProperty("--text", size / 100);
    byId("smaller").disabled = size === SIZES[0];
    byId("larger").disabled = size === SIZES.at(-1);
    this.app.camera.resized(true);
    this.app.state.keep();
  }

  // -- the panels ----------------------------------------------------------------------------------

  /** Put the panels below the picture, beside it, or away. */
  place(where = this.dock.value) {
    this.dock.value = where;
    document.body.dataset.dock = where;
    const size = document.documentElement.style.getPropertyValue("--dock");
    this.divider.setAttribute("aria-orientation", where === "beside" ? "vertical" : "horizontal");
    if (!size) this.divider.setAttribute("aria-valuenow", 35);
    this.app.state?.keep();
  }

  /** Whoever is asked or told something sees the panels. */
  unhide() {
    if (this.dock.value === "hidden") this.place("below");
  }

  /** The line between picture and panels moves with the pointer and with the arrow keys. */
  slide() {
    const { divider } = this;
    let held = false;
    divider.addEventListener("pointerdown", (event) => {
      held = true;
      divider.setPointerCapture(event.pointerId);
    });
    divider.addEventListener("pointermove", (event) => held && this.divide(this.partAt(event)));
    for (const kind of ["pointerup", "pointercancel"])
      divider.addEventListener(kind, () => {
        held = false;
      });
    divider.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowLeft: 1, ArrowDown: -1, ArrowRight: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      this.divide(Number(divider.getAttribute("aria-valuenow")) / 100 + way * STRIP);
    });
  }

  partAt({ clientX, clientY }) {
    const { right, bottom, width, height } = document.querySelector("main").getBoundingClientRect();
    return this.dock.value === "beside" ? (right - clientX) / width : (bottom - clientY) / height;
  }

  divide(part) {
    const kept = Math.min(0.7, Math.max(0.15, part));
    document.documentElement.style.setProperty("--dock", `${(100 * kept).toFixed(1)}${this.dock.value === "beside" ? "vw" : "vh"}`);
    this.divider.setAttribute("aria-valuenow", Math.round(100 * kept));
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }

  // -- before and after ----------------------------------------------------------------------------

  /** Two pictures: at the left as it was before the last step, with the same cards lit. */
  compare(on) {
    const { app } = this;
    byId("compare").setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("compares", on);
    if (on) this.other ??= this.beside();
    else if (this.other) {
      this.other.element.remove();
      this.other = null;
    }
    app.camera.resized();
    app.state.keep();
    app.say(tell(on ? "compared" : "not compared"));
  }

  beside() {
    const { app } = this,
      element = app.picture.element.cloneNode(true);
    for (const layer of element.querySelectorAll("svg > g")) layer.replaceChildren();
    element.classList.add("earlier");
    element.setAttribute("aria-label", tell("picture before"));
    element.removeAttribute("tabindex");
    app.picture.element.before(element);
    const picture = new Picture(element, new Earlier(app));
    return { element, picture, camera: element.querySelector(".camera") };
  }

  // -- what is saved -------------------------------------------------------------------------------

  /** Save what is seen of the picture. */
  async saved(kind) {
    byId("save").open = false;
    const { width, height } = this.app.camera.size,
      text = standalone(this.app.picture, this.app.camera.view, width, height),
      name = `${document.title.replace(/[^\p{L}\p{N}]+/gu, "-")}-${this.app.taken}.${kind}`;
    const blob = kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await painted(text, width, height);
    const link = html("a", { download: name, href: URL.createObjectURL(blob) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.app.say(tell("saved", { name }));
  }

  /** On paper stands the whole picture, as wide as the page. */
  print() {
    const { picture } = this.app,
      { width, height } = picture.layout;
    const room = { x: MARGIN, y: MARGIN, zoom: 1 };
    const text = standalone(picture, room, width + 2 * MARGIN, height + 2 * MARGIN);
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    parsed.removeAttribute("width");
    parsed.removeAttribute("height");
    byId("printed").replaceChildren(document.importNode(parsed, true));
  }
}

/** What a picture is told that shows the step before: everything as it is, one step less taken. */
class Earlier {
  constructor(app) {
    this.app = app;
    for (const name of ["graph", "tree", "breakpoints"]) this[name] = app[name];
    for (const name of ["choose", "open", "toggleBreakpoint"]) this[name] = (...given) => app[name](...given);
  }

  get taken() {
    return Math.max(0, this.app.taken - 1);
  }

  /** The step whose cards are lit. */
  get lights() {
    return this.app.taken;
  }

  get selected() {
    return this.app.selected;
  }
}

// -- a picture by itself ------------------------------------------------------------------------------

const PAINTED =
  "fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin font-size font-weight font-style text-anchor paint-order".split(
    " ",
  );

/** What a window of so many pixels shows of a picture, as an SVG that needs no style sheet. */
function standalone(picture, { x, y, zoom }, width, height) {
  const n = (value) => Math.round(value * 1000) / 1000;
  const whole = svg("svg", { width, height, viewBox: `0 0 ${n(width)} ${n(height)}` });
  const { fontFamily, backgroundColor } = getComputedStyle(document.body);
  whole.setAttribute("font-family", fontFamily);
  const moved = svg("g", { transform: `translate(${n(x)} ${n(y)}) scale(${n(zoom)})` });
  whole.append(svg("title", {}, document.title), svg("rect", { width, height, fill: backgroundColor }), moved);
  for (const sheet of picture.camera.children)
    for (const layer of sheet.children) if (!layer.matches(".flights")) moved.append(plainly(layer));
  return new XMLSerializer().serializeToString(whole);
}

/** A copy of what is drawn with its look written on every element, and nothing of what only a page needs. */
function plainly(element) {
  const copy = element.cloneNode(false),
    look = getComputedStyle(element);
  for (const { name } of [...copy.attributes])
    if (/^(class|style|tabindex|role|aria-.*)$/.test(name)) copy.removeAttribute(name);
  if (look.display === "none") return svg("g");
  if (element.localName !== "g")
    for (const name of PAINTED) {
      const value = look.getPropertyValue(name);
      if (value) copy.setAttribute(name, value);
    }
  for (const child of element.childNodes)
    if (child.nodeType !== 1) copy.append(child.cloneNode());
    else if (!child.matches(".breakpoint, .reach, .fold")) copy.append(plainly(child));
  return copy;
}

/** An SVG as PNG at twice its size. */
async function painted(text, width, height) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = html("canvas", { width: 2 * width, height: 2 * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((found) => canvas.toBlob(found, "image/png"));
}
