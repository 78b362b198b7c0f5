// Looking at the picture: drag to move, wheel or pinch to zoom, and follow the step where the picture is too large.

const NEAREST = 2.4,
  READABLE_ZOOM = 0.6,
  UNDER = 30; // UNDER: the legend's height

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
    new ResizeObserver(() => this.resized()).observe(this.element);
  }

  /** The element's size, kept: asking for it in a step would have everything laid out once more. */
  measure() {
    this.size = { width: this.element.clientWidth, height: this.element.clientHeight };
  }

  resized() {
    this.measure();
    const { width, height } = this.size;
    if (this.fitted === `${width} ${height}`) return;
    this.fit();
    this.picture.app.watch();
  }

  /** Show the whole picture, as large as it fits. */
  fit(animate = false) {
    const { width, height } = this.size,
      { layout } = this.picture;
    if (!width || !height) return;
    this.fitted = `${width} ${height}`;
    const zoom = (this.whole = Math.min((width - 48) / layout.width, (height - UNDER - 24) / layout.height, 1.5));
    this.go({ zoom, x: (width - layout.width * zoom) / 2, y: (height - UNDER - layout.height * zoom) / 2 }, animate);
  }

  /** Bring the cards of a step near, if the whole picture is too small to be read. */
  follow(things) {
    if (!this.following || this.whole >= READABLE_ZOOM) return;
    const boxes = things.map((thing) => this.picture.cards.get(thing)).filter(Boolean);
    if (!boxes.length) return;
    const left = Math.min(...boxes.map((b) => b.x)) - 60,
      right = Math.max(...boxes.map((b) => b.x + b.width)) + 60;
    const top = Math.min(...boxes.map((b) => b.y)) - 40,
      bottom = Math.max(...boxes.map((b) => b.y + b.height)) + 40;
    const { width, height } = this.size;
    if (this.sees(left, top, right, bottom)) return;
    const zoom = Math.max(READABLE_ZOOM, Math.min(1, width / (right - left), height / (bottom - top)));
    const last = boxes.at(-1);
    const centre = (low, high, room, at, span) =>
      (high - low) * zoom <= room ? room / 2 - ((low + high) / 2) * zoom : room / 2 - (at + span / 2) * zoom;
    this.go(
      { zoom, x: centre(left, right, width, last.x, last.width), y: centre(top, bottom, height, last.y, last.height) },
      true,
    );
  }

  /** Show one box as large as can be, a group that was just opened. */
  lookAt({ x, y, width, height }) {
    const room = this.size,
      zoom = Math.min(1.1, (room.width - 60) / width, (room.height - UNDER - 30) / height);
    if (zoom > this.whole)
      this.go(
        { zoom, x: room.width / 2 - (x + width / 2) * zoom, y: (room.height - UNDER) / 2 - (y + height / 2) * zoom },
        true,
      );
  }

  /** Whether a part of the picture is in view, and large enough to be read. */
  sees(left, top, right, bottom) {
    const { x, y, zoom } = this.view,
      { width, height } = this.size;
    const inside =
      left * zoom + x >= 0 && right * zoom + x <= width && top * zoom + y >= 0 && bottom * zoom + y <= height;
    return inside && zoom >= READABLE_ZOOM;
  }

  go(target, animate) {
    cancelAnimationFrame(this.frame);
    const now = performance.now(),
      fast = now - (this.asked ?? 0) < 200;
    this.asked = now;
    const calm = !animate || fast || matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm) return this.apply(target);
    const from = { ...this.view },
      start = performance.now();
    const frame = (now) => {
      const t = Math.min(1, (now - start) / 320),
        eased = 1 - (1 - t) ** 3;
      this.apply(
        Object.fromEntries(Object.keys(target).map((key) => [key, from[key] + (target[key] - from[key]) * eased])),
      );
      if (t < 1) this.frame = requestAnimationFrame(frame);
    };
    this.frame = requestAnimationFrame(frame);
  }

  apply(view) {
    this.view = view;
    this.picture.camera.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`);
    this.element.classList.toggle("far", view.zoom < 0.55);
  }

  zoomBy(factor, at = { x: this.size.width / 2, y: this.size.height / 2 }) {
    const { x, y, zoom } = this.view,
      next = Math.min(NEAREST, Math.max(0.05, zoom * factor)),
      ratio = next / zoom;
    this.go({ zoom: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio }, false);
  }

  wheel(event) {
    event.preventDefault();
    const { left, top } = this.element.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), {
      x: event.clientX - left,
      y: event.clientY - top,
    });
    this.letGo();
  }

  /** Whoever moves the picture by hand is not followed any more, until asked. */
  letGo() {
    this.following = false;
    this.onLetGo?.();
  }

  pointerdown(event) {
    if (event.target.closest(".card, .fold")) return;
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
