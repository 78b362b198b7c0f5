// Looking at the picture: drag to move, wheel or pinch to zoom, and follow the step where the picture is too large.

const NEAREST = 3,
  NAME_SIZE = 12.5, // of a card's name at zoom 1
  LEGIBLE = 14, // pixels of a name that is read at a desk
  LEGIBLE_FAR = 18, // and from the last row, in full screen
  VISIBLE_ZOOM = 0.2, // colours can be told apart, words cannot be read
  MARGIN = 20;

class Camera {
  constructor(picture) {
    this.picture = picture;
    this.element = picture.element;
    this.view = { x: 0, y: 0, zoom: 1 };
    this.following = true;
    this.pointers = new Map();
    this.measure();
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"])
      this.element.addEventListener(kind, (event) => this[kind](event));
    for (const kind of ["focus", "blur"]) addEventListener(kind, () => this.touched());
    this.touched();
    new ResizeObserver(() => this.resized()).observe(this.element);
  }

  /** The element's size, kept: asking for it in a step would have everything laid out once more. */
  measure() {
    this.size = { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  /** The zoom from which on names can be read. */
  get readable() {
    return ((document.fullscreenElement ? LEGIBLE_FAR : LEGIBLE) * this.picture.app.stage.text) / 100 / NAME_SIZE;
  }

  resized(anew = false) {
    this.measure();
    const { width, height } = this.size;
    if (!anew && this.fitted === `${width} ${height}`) return;
    this.fit();
    this.picture.app.watch(false);
  }

  /** The zoom at which the whole is as large as it fits. */
  get whole() {
    return this.zoomFor(this.picture.layout);
  }

  zoomFor(layout) {
    const { width, height } = this.size;
    return Math.min(
      (width - 2 * MARGIN) / layout.width,
      (height - 2 * MARGIN) / layout.height,
      1.2 * this.readable,
    );
  }

  /** Show the whole picture, as large as it fits. */
  fit(glides = false) {
    const { width, height } = this.size;
    if (!width || !height) return;
    this.fitted = `${width} ${height}`;
    this.go({ zoom: this.whole, x: 0, y: 0 }, glides);
  }

  /**
   * Bring the cards of a step near.  In a run of steps, which nobody reads, stand back and let the whole be seen;
   * where that is too small to see anything, move and do not glide.
   */
  follow(things, runs = false, glides = true) {
    if (!this.following) return;
    if (this.whole >= this.readable || (runs && this.whole >= VISIBLE_ZOOM)) this.fit(glides);
    else this.bring(things, glides && !runs);
  }

  /** Move as little as need be to see these cards, or the last one if they are too far apart, and to read them. */
  bring(things, glides = true) {
    const boxes = things.map((thing) => this.picture.cards.get(thing)).filter(Boolean);
    if (!boxes.length) return;
    const { width, height } = this.size,
      now = this.view.zoom,
      fits = (room) => Math.min(width / (room.right - room.left), height / (room.bottom - room.top));
    const all = this.around(boxes),
      room = fits(all) >= this.readable ? all : this.around(boxes.slice(-1));
    if (this.sees(room)) return;
    const most = Math.max(this.readable, Math.min(fits(room), 1.2 * this.readable)),
      zoom = now >= this.readable && now <= most ? now : most; // no nearer and farther at every step
    this.go(
      {
        zoom,
        x: width / 2 - ((room.left + room.right) / 2) * zoom,
        y: height / 2 - ((room.top + room.bottom) / 2) * zoom,
      },
      glides,
    );
  }

  /** The room that boxes take, with some of what is beside them. */
  around(boxes) {
    const { width, height } = this.picture.layout;
    return {
      left: Math.max(0, Math.min(...boxes.map((b) => b.x)) - 60),
      right: Math.min(width, Math.max(...boxes.map((b) => b.x + b.width)) + 60),
      top: Math.max(0, Math.min(...boxes.map((b) => b.y)) - 40),
      bottom: Math.min(height, Math.max(...boxes.map((b) => b.y + b.height)) + 40),
    };
  }

  /** Show one box as large as can be, a group that was just opened. */
  lookAt({ x, y, width, height }) {
    const room = this.size,
      zoom = Math.min(1.1, (room.width - 60) / width, (room.height - 30) / height);
    if (zoom > this.whole)
      this.go(
        { zoom, x: room.width / 2 - (x + width / 2) * zoom, y: room.height / 2 - (y + height / 2) * zoom },
        true,
      );
  }

  /** Whether a part of the picture is in view, and large enough to be read. */
  sees({ left, top, right, bottom }) {
    const { x, y, zoom } = this.view,
      { width, height } = this.size;
    const inside =
      left * zoom + x >= 0 && right * zoom + x <= width && top * zoom + y >= 0 && bottom * zoom + y <= height;
    return inside && zoom >= this.readable - 1e-9;
  }

  /** Look there; a glide is the browser's, which moves what is painted and paints it anew at the end. */
  go(target, glides) {
    this.view = this.clamped(target);
    const { x, y, zoom } = this.view,
      { camera } = this.picture;
    camera.classList.toggle("glides", glides);
    camera.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    this.element.classList.toggle("far", zoom < 0.55);
    this.onMove?.(this.view, glides);
  }

  /** The same view, moved so that none of the window stays empty that the picture can fill. */
  clamped({ x, y, zoom }) {
    const { width, height } = this.size,
      { layout } = this.picture;
    const along = (at, room, size) =>
      size + 2 * MARGIN <= room ? (room - size) / 2 : Math.min(MARGIN, Math.max(at, room - size - MARGIN));
    return { zoom, x: along(x, width, layout.width * zoom), y: along(y, height, layout.height * zoom) };
  }

  /** After another layout, look so that one card stays where it was on the screen. */
  keep(card, before) {
    if (!card || !before) return;
    const { x, y, zoom } = this.view;
    this.go({ zoom, x: x + (before.x - card.x) * zoom, y: y + (before.y - card.y) * zoom }, false);
  }

  /** Stop where a glide is just now. */
  halt() {
    const { a, e, f } = new DOMMatrix(getComputedStyle(this.picture.camera).transform);
    this.go({ x: e, y: f, zoom: a }, false);
  }

  zoomBy(factor, at = { x: this.size.width / 2, y: this.size.height / 2 }) {
    const { x, y, zoom } = this.view,
      next = Math.min(NEAREST, Math.max(Math.min(this.whole, 1), zoom * factor)),
      ratio = next / zoom;
    this.go({ zoom: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio }, false);
  }

  /** In a notebook's frame the wheel is the notebook's, until somebody has clicked here. */
  wheel(event) {
    if (parent !== window && !document.hasFocus() && !event.ctrlKey) return;
    event.preventDefault();
    const { left, top } = this.element.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), {
      x: event.clientX - left,
      y: event.clientY - top,
    });
    this.letGo();
  }

  /** A finger moves the picture, but in a notebook's frame the notebook, until somebody has tapped here. */
  touched() {
    this.element.classList.toggle("yields", parent !== window && !document.hasFocus());
  }

  /** Whoever moves the picture by hand is not followed any more, until asked. */
  letGo() {
    this.following = false;
    this.onLetGo?.();
  }

  pointerdown(event) {
    if (event.target.closest(".card, .fold")) return;
    this.halt();
    this.pointers.set(event.pointerId, event);
    this.element.setPointerCapture(event.pointerId);
  }

  pointermove(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (other) {
      const apart = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
      const { left, top } = this.element.getBoundingClientRect();
      this.zoomBy(apart(event) / Math.max(1, apart(before)), {
        x: (event.clientX + other.clientX) / 2 - left,
        y: (event.clientY + other.clientY) / 2 - top,
      });
    } else {
      const { x, y, zoom } = this.view;
      this.go({ zoom, x: x + event.clientX - before.clientX, y: y + event.clientY - before.clientY }, false);
    }
    this.letGo();
  }

  pointerup(event) {
    this.pointers.delete(event.pointerId);
  }

  pointercancel(event) {
    this.pointers.delete(event.pointerId);
  }
}
