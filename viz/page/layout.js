// Where cards, groups and arrows go: every open group is laid out in columns by itself, then placed as a box in its
// parent's (Sugiyama, Tagawa & Toda 1981: columns, order by barycentres, positions).  Arrows that cross a group's
// rim or pass a column get a point of their own there, so that they run between the cards and not through them.

const GAP = { column: 70, row: 7, lane: 6, padding: 10, header: 19 };
const LONGEST = 18; // items in a column

class Layout {
  /**
   * tree: the groups; size(id) → { width, height }; slots(node) → how many arrows come in, port(e) → the place of one.
   * links: [{ tail, head, port }] between shown things: node numbers or closed groups.
   */
  constructor(tree, links, size, slots) {
    Object.assign(this, { tree, links, size, slots });
    this.boxes = new Map(); // shown thing or open group → { x, y, width, height }, absolute in the end
    this.inner = new Map(); // open group → its plan
    this.plan(tree.root);
    this.settle(tree.root, 0, 0);
    this.curves = links.map((link) => this.points(link));
    const { width, height } = this.inner.get(tree.root);
    Object.assign(this, { width, height });
  }

  parent(thing) {
    return typeof thing === "number" ? this.tree.home[thing] : thing.parent;
  }

  // -- one group -----------------------------------------------------------------------------------

  /** Lay out an open group, the groups inside it first; the depth is that of scopes, which is bounded. */
  plan(group) {
    for (const inner of group.groups) if (inner.open) this.plan(inner);
    const items = new Map(),
      segments = [];
    const item = (key, width, height, more = {}) => {
      if (!items.has(key)) items.set(key, { key, width, height, before: [], after: [], rank: 0, y: 0, ...more });
      return items.get(key);
    };
    const order = (thing) => (typeof thing === "number" ? this.tree.rank(thing) : thing.first);
    for (const thing of [...group.groups, ...group.nodes].sort((a, b) => order(a) - order(b))) {
      const { width, height } = this.extent(thing);
      item(thing, width, height, { solid: true });
    }
    for (const link of this.links) {
      const ends = this.across(link, group, item);
      if (ends) segments.push({ link, ...ends });
    }
    const columns = this.columns([...items.values()], segments);
    this.order(columns);
    this.heights(columns);
    this.inner.set(group, this.widths(group, columns, segments));
  }

  extent(thing) {
    if (typeof thing !== "number" && thing.open) return this.inner.get(thing);
    return this.size(thing);
  }

  /** The part of a link that lies in this group's own plan: from an item to an item, at heights within them. */
  across(link, group, item) {
    const from = this.childOf(link.tail, group),
      to = this.childOf(link.head, group);
    if (from === null && to === null) return null;
    if (from === to) return null;
    const tail = from === null ? item(`in:${idOf(link.tail)}:${idOf(to)}`, 0, 0, { gate: "in" }) : item(from);
    const head = to === null ? item(`out:${idOf(link.tail)}`, 0, 0, { gate: "out" }) : item(to);
    return { tail, head, leaves: this.leavesAt(link, from), enters: this.entersAt(link, to) };
  }

  /** The child of a group that a thing is or lies in; null if it lies elsewhere. */
  childOf(thing, group) {
    let child = thing;
    for (let above = this.parent(child); above; child = above, above = this.parent(child))
      if (above === group) return child;
    return null;
  }

  leavesAt(link, child) {
    if (child === null) return 0;
    const { height } = this.extent(child),
      plan = this.inner.get(child);
    if (!plan || !child.open) return height / 2;
    return plan.gates.get(`out:${idOf(link.tail)}`) ?? height / 2;
  }

  entersAt(link, child) {
    if (child === null) return 0;
    const { height } = this.extent(child),
      plan = this.inner.get(child);
    if (plan && child.open) {
      const next = this.childOf(link.head, child);
      return plan.gates.get(`in:${idOf(link.tail)}:${idOf(next)}`) ?? height / 2;
    }
    return typeof child === "number" ? this.portAt(link, height) : height / 2;
  }

  /** Arrows come in on a card's left side, one below the other. */
  portAt(link, height) {
    const slots = this.slots(link.head);
    return ((height * (link.port + 0.5)) / Math.max(1, slots)) * 0.9 + height * 0.05;
  }

  // -- columns -------------------------------------------------------------------------------------

  /** Items by column, operands left of what is computed from them; long arrows get a lane in every column they pass. */
  columns(items, segments) {
    const solid = items.filter((it) => it.solid);
    const inside = segments.filter((s) => s.tail.solid && s.head.solid);
    this.rank(solid, inside);
    const wrapped = this.wrap(solid);
    const last = Math.max(0, ...solid.map((it) => it.rank));
    for (const it of items) if (it.gate) it.rank = it.gate === "in" ? -1 : last + 1;
    const columns = Array.from({ length: last + 3 }, () => []);
    const put = (it) => columns[it.rank + 1].push(it);
    items.forEach(put);
    for (const segment of segments) {
      let previous = segment.tail,
        leaves = segment.leaves;
      segment.through = [];
      const step = segment.head.rank >= segment.tail.rank ? 1 : -1;
      for (let r = segment.tail.rank + step; step > 0 && r < segment.head.rank; r++) {
        if (wrapped[r] === wrapped[segment.head.rank] || wrapped[r] === wrapped[segment.tail.rank]) continue;
        const lane = { key: null, width: 0, height: 0, before: [], after: [], rank: r, y: 0, lane: true };
        put(lane);
        this.join(previous, lane, leaves, 0);
        segment.through.push(lane);
        [previous, leaves] = [lane, 0];
      }
      this.join(previous, segment.head, leaves, segment.enters);
    }
    return columns;
  }

  join(tail, head, leaves, enters) {
    tail.after.push({ item: head, own: leaves, other: enters });
    head.before.push({ item: tail, own: enters, other: leaves });
  }

  /** The longest path to each item; what only gives stands right before its first user.  Cycles of groups are cut. */
  rank(items, segments) {
    const waiting = new Map(items.map((it) => [it, 0])),
      after = new Map(items.map((it) => [it, []]));
    for (const { tail, head } of segments) {
      after.get(tail).push(head);
      waiting.set(head, waiting.get(head) + 1);
    }
    const given = items.filter((it) => waiting.get(it) === 0),
      ready = [...given],
      left = new Set(items);
    while (left.size) {
      const it = ready.pop() ?? left.values().next().value;
      if (!left.delete(it)) continue;
      for (const head of after.get(it)) {
        if (!left.has(head)) continue;
        head.rank = Math.max(head.rank, it.rank + 1);
        waiting.set(head, waiting.get(head) - 1);
        if (waiting.get(head) === 0) ready.push(head);
      }
    }
    for (const it of given)
      if (after.get(it).length) it.rank = Math.max(0, Math.min(...after.get(it).map((head) => head.rank)) - 1);
  }

  /** A column that is too long, such as a layer of a hundred neurons, goes on in columns beside it; says what each is part of. */
  wrap(items) {
    const ranks = new Map(),
      wrapped = [];
    for (const it of items) ranks.set(it.rank, [...(ranks.get(it.rank) ?? []), it]);
    let shift = 0;
    for (const rank of [...ranks.keys()].sort((a, b) => a - b)) {
      const column = ranks.get(rank),
        parts = column.length > LONGEST ? Math.ceil(column.length / (0.75 * LONGEST)) : 1;
      column.forEach((it, i) => {
        it.rank = rank + shift + Math.floor((i * parts) / column.length);
      });
      for (let part = 0; part < parts; part++) wrapped[rank + shift + part] = rank;
      shift += parts - 1;
    }
    return wrapped;
  }

  // -- order and heights ---------------------------------------------------------------------------

  order(columns) {
    const place = (column) =>
      column.forEach((it, i) => {
        it.place = i;
      });
    columns.forEach(place);
    for (let sweep = 0; sweep < 8; sweep++) {
      const back = sweep % 2 === 0,
        side = back ? "after" : "before";
      for (const column of back ? [...columns].reverse() : columns) {
        for (const it of column) {
          const near = it[side].map(({ item, other }) => item.place + (item.height ? other / item.height : 0.5));
          it.centre = near.length ? near.reduce((a, b) => a + b) / near.length : it.place + 0.5;
        }
        const groups = column.filter((it) => it.solid && typeof it.key !== "number");
        column.sort((a, b) => a.centre - b.centre || a.place - b.place);
        let next = 0; // groups, such as neurons, keep their own order
        column.forEach((it, i) => {
          if (groups.includes(it)) column[i] = groups[next++];
        });
        place(column);
      }
    }
  }

  heights(columns) {
    for (const column of columns) this.stack(column, () => null);
    for (let sweep = 0; sweep < 6; sweep++) {
      const sides = sweep >= 4 ? ["before", "after"] : [sweep % 2 ? "after" : "before"];
      const wish = (it) => {
        const near = sides.flatMap((side) => it[side]);
        return near.length
          ? near.reduce((sum, { item, own, other }) => sum + item.y + other - own, 0) / near.length
          : null;
      };
      for (const column of sweep % 2 ? [...columns].reverse() : columns) this.stack(column, wish);
    }
  }

  /** Heights as near to what is wished for as the order allows: isotonic regression, pools of neighbours. */
  stack(column, wish) {
    const pools = [],
      arrows = column.filter((it) => !it.solid).length,
      apart = Math.min(GAP.lane, 200 / arrows);
    let offset = 0;
    column.forEach((it, i) => {
      const before = column[i - 1];
      if (before) offset += before.height + (before.solid && it.solid ? GAP.row : apart);
      const wanted = wish(it);
      pools.push({ sum: (wanted ?? it.y) - offset, weight: 1, items: [[it, offset]] });
      while (pools.length > 1 && pools.at(-2).sum / pools.at(-2).weight > pools.at(-1).sum / pools.at(-1).weight) {
        const { sum, weight, items } = pools.pop(),
          pool = pools.at(-1);
        pool.sum += sum;
        pool.weight += weight;
        pool.items.push(...items);
      }
    });
    for (const { sum, weight, items } of pools) for (const [it, at] of items) it.y = sum / weight + at;
  }

  /** Columns side by side; the plan of a group: its size, where its children stand, and where its gates are. */
  widths(group, columns, segments) {
    const all = columns.flat(),
      solid = all.filter((it) => it.solid),
      rim = group.parent ? GAP : { padding: 0, header: 0 };
    const top = Math.min(...solid.map((it) => it.y)),
      bottom = Math.max(...solid.map((it) => it.y + it.height));
    let x = rim.padding;
    const lefts = columns.map((column, c) => {
      const left = x,
        width = Math.max(0, ...column.map((it) => it.width));
      column.forEach((it) => {
        it.x = left + (width - it.width) / 2;
        it.left = left;
        it.right = left + width;
      });
      const edge = c === 0 || c >= columns.length - 2; // no gap beside the rims
      const arrows = column.reduce((sum, it) => sum + it.after.length, 0);
      x += width + (edge ? 0 : GAP.column + Math.min(110, arrows * 0.45));
      return left;
    });
    const width = lefts.at(-1) + rim.padding,
      height = bottom - top + 2 * rim.padding + rim.header;
    const shift = rim.padding + rim.header - top;
    const gates = new Map();
    for (const it of all) {
      it.y += shift;
      if (!it.gate) continue;
      it.y = Math.min(Math.max(it.y, rim.header + 4), height - 4);
      it.x = it.left = it.right = it.gate === "in" ? 0 : width;
      gates.set(it.key, it.y);
    }
    return { width, height, solid, segments, gates };
  }

  // -- together ------------------------------------------------------------------------------------

  settle(group, x, y) {
    const plan = this.inner.get(group);
    this.boxes.set(group, { x, y, width: plan.width, height: plan.height });
    for (const it of plan.solid) {
      this.boxes.set(it.key, { x: x + it.x, y: y + it.y, width: it.width, height: it.height });
      if (typeof it.key !== "number" && it.key.open) this.settle(it.key, x + it.x, y + it.y);
    }
    for (const segment of plan.segments) {
      if (!segment.link.parts) segment.link.parts = [];
      const at = (it, height) => [x + it.x, y + it.y + height];
      const tail = at(segment.tail, segment.leaves),
        head = at(segment.head, segment.enters);
      tail[0] += segment.tail.width;
      const through = segment.through.flatMap((lane) => [
        [x + lane.left, y + lane.y],
        [x + lane.right, y + lane.y],
      ]);
      segment.link.parts.push([tail, ...through, head]);
    }
  }

  /** The points that a link's arrow runs through, left to right. */
  points(link) {
    const parts = (link.parts ?? []).sort((a, b) => a[0][0] - b[0][0]);
    delete link.parts;
    return parts
      .flat()
      .filter(([x, y], i, all) => i === 0 || Math.abs(x - all[i - 1][0]) + Math.abs(y - all[i - 1][1]) > 0.5);
  }
}

const idOf = (thing) => (typeof thing === "number" ? thing : thing.id);

/** A smooth path through points, level at each. */
function curve(points) {
  const n = (x) => Math.round(x * 10) / 10;
  let path = `M${n(points[0][0])} ${n(points[0][1])}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1],
      [x1, y1] = points[i];
    if (y0 === y1 && x1 >= x0) path += `H${n(x1)}`;
    else {
      const bend = x1 > x0 ? (x1 - x0) / 2 : 40;
      path += `C${n(x0 + bend)} ${n(y0)} ${n(x1 - bend)} ${n(y1)} ${n(x1)} ${n(y1)}`;
    }
  }
  return path;
}
