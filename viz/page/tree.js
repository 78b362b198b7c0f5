// Scopes as a tree of groups that open and close, made small enough that every level can be read.

const CROWDED = 100; // children of a group before they are gathered into parts
const ALIKE = 30; // groups in a group, such as neurons in a layer, before they are gathered
const TOGETHER = 20; // of them in a part
const FEW = 12; // loops of a group that are not gathered into parts
const LEAVES_TOGETHER = 8; // this many leaves of one operation share a group
const READABLE = 90; // cards to show at first

class Group {
  constructor(name, path, parent) {
    Object.assign(this, { name, path, parent, nodes: [], groups: [], open: false, first: Infinity });
    this.id = `g:${path}`;
  }

  /** All groups inside, this one first. */
  *inside() {
    const pending = [this];
    while (pending.length) {
      const group = pending.pop();
      yield group;
      pending.push(...group.groups);
    }
  }
}

/** The tree of a graph's scopes; every node knows its group in `home`. */
class Tree {
  constructor(graph) {
    this.graph = graph;
    this.home = new Array(graph.size);
    this.root = new Group("", "", null);
    this.root.open = true;
    const groups = new Map([["", this.root]]);
    for (let i = 0; i < graph.size; i++) this.put(i, this.groupOf(graph.scopes[graph.scope[i]], groups));
    for (const group of [...this.root.inside()]) this.gatherLeaves(group);
    for (const group of [...this.root.inside()]) this.gatherParts(group);
    this.number();
    this.openThese(this.some);
  }

  /** Every group by its number, which is the same whenever the page is opened. */
  get groups() {
    this.all ??= [...this.root.inside()];
    return this.all;
  }

  groupOf(scope, groups) {
    let path = "",
      group = this.root;
    for (const name of scope ? scope.split(".") : []) {
      path += (path && ".") + name;
      if (!groups.has(path)) {
        groups.set(path, new Group(name, path, group));
        group.groups.push(groups.get(path));
      }
      group = groups.get(path);
    }
    return group;
  }

  put(i, group) {
    group.nodes.push(i);
    this.home[i] = group;
  }

  // -- making levels readable ----------------------------------------------------------------------

  /** The many leaves that one operation alone uses, a neuron's weights, as a group of their own. */
  gatherLeaves(group) {
    const { graph } = this,
      byUser = new Map();
    for (const i of group.nodes) {
      const users = new Set(graph.users[i].map((e) => graph.node[e]));
      if (graph.isComputed(i) || users.size !== 1) continue;
      const [user] = users;
      if (!byUser.has(user)) byUser.set(user, []);
      byUser.get(user).push(i);
    }
    for (const leaves of byUser.values())
      if (leaves.length >= LEAVES_TOGETHER) this.gather(group, leaves, [], this.span(leaves));
  }

  span(leaves) {
    return `${this.graph.called[leaves[0]]} … ${this.graph.called[leaves.at(-1)]}`;
  }

  /** Parts in order of computation, where a group has too many children; a leaf goes with its first user. */
  gatherParts(group) {
    const loops = group.groups.filter((inner) => inner.name.includes(" × ")),
      few = loops.length <= FEW ? loops : [], // stay to be seen, and part what is before them from what is after
      inners = group.groups.filter((inner) => !few.includes(inner));
    const many = inners.length > ALIKE && inners.length > group.nodes.length && this.called(inners) === null;
    if (group.nodes.length + inners.length <= CROWDED && !many) return;
    const { graph } = this,
      when = new Map();
    for (const i of group.nodes)
      when.set(i, graph.isComputed(i) || !graph.users[i].length ? i : graph.node[graph.users[i][0]]);
    for (const inner of inners) when.set(inner, this.start(inner));
    const children = [...group.nodes, ...inners].filter((child) => child !== graph.root);
    children.sort((a, b) => when.get(a) - when.get(b));
    const end = few.reduce((last, loop) => Math.max(last, this.end(loop)), -1);
    let made = 0;
    for (const isLate of [false, true]) {
      const stretch = children.filter((child) => when.get(child) > end === isLate);
      const most = many ? TOGETHER : CROWDED * 0.6;
      if (!few.length || stretch.length > CROWDED / 2) made += this.slice(group, stretch, made, most);
    }
  }

  /** Children of a group in parts; how many these are. */
  slice(group, children, before, most) {
    if (!children.length) return 0;
    const parts = Math.min(12, Math.ceil(children.length / most));
    for (let k = 0; k < parts; k++) {
      const part = children.slice(
          Math.ceil((k * children.length) / parts),
          Math.ceil(((k + 1) * children.length) / parts),
        ),
        nodes = part.filter((child) => typeof child === "number"),
        groups = part.filter((child) => typeof child !== "number");
      this.gatherParts(this.gather(group, nodes, groups, this.called(part) ?? this.fromTo(part) ?? tell("part", { k: before + k + 1 })));
    }
    return parts;
  }

  /** What groups alike are called together: neuron1 … neuron20. */
  fromTo(children) {
    return children.every((child) => child.name) ? `${children[0].name} … ${children.at(-1).name}` : null;
  }

  /** What steps of a loop are called together; null for others. */
  called(children) {
    const steps = children.map((child) => /^step (\d+)$/.exec(child.name ?? "")?.[1]);
    return steps.every(Boolean) && steps.length > 1 ? tell("later steps", { first: steps[0], last: steps.at(-1) }) : null;
  }

  end(group) {
    let last = -1;
    for (const inner of group.inside())
      for (const i of inner.nodes) if (this.graph.isComputed(i)) last = Math.max(last, i);
    return last;
  }

  start(group) {
    let first = Infinity;
    for (const inner of group.inside())
      for (const i of inner.nodes) if (this.graph.isComputed(i)) first = Math.min(first, i);
    return first;
  }

  gather(group, nodes, groups, name) {
    const part = new Group(name, `${group.path}/${name}`, group),
      gone = new Set([...nodes, ...groups]);
    group.nodes = group.nodes.filter((i) => !gone.has(i));
    group.groups = [...group.groups.filter((inner) => !gone.has(inner)), part];
    nodes.forEach((i) => this.put(i, part));
    groups.forEach((inner) => {
      inner.parent = part;
    });
    part.groups.push(...groups);
    return part;
  }

  // -- what a group is -----------------------------------------------------------------------------

  /** Give every group its size, its first node, and the nodes that others use: its outputs. */
  number() {
    const { graph } = this,
      groups = [...this.root.inside()];
    groups.forEach((group) => Object.assign(group, { size: group.nodes.length, outputs: [], computed: [] }));
    for (const group of groups.reverse()) {
      group.first = Math.min(...group.nodes.map((i) => this.rank(i)), ...group.groups.map((inner) => inner.first));
      group.size += group.groups.reduce((sum, inner) => sum + inner.size, 0);
    }
    for (let i = 0; i < graph.size; i++) {
      for (let group = this.home[i]; group; group = group.parent) {
        if (graph.isComputed(i)) group.computed.push(i);
        if (i === graph.root || graph.users[i].some((e) => !this.isInside(graph.node[e], group))) group.outputs.push(i);
      }
    }
  }

  /** Where a node stands in the order of the picture: constants beside their user. */
  rank(i) {
    return this.graph.isConstant(i) ? this.graph.node[this.graph.users[i][0]] - 0.5 : i;
  }

  isInside(i, group) {
    let at = this.home[i];
    while (at && at !== group) at = at.parent;
    return at === group;
  }

  /**
   * Open what a step is about, and fold the rest: all around `inner`, and around `near` as far as each is told apart,
   * by itself or by a closed group whose one output it is.  Where there is room, what can be read stays open; what was
   * opened or closed by hand stays so.  Whether anything changed.
   */
  arrange(inner, near, roomy) {
    const open = new Set(roomy ? this.some : [this.root]);
    const around = (group) => {
      for (let above = group; above; above = above.parent) open.add(above);
    };
    for (const i of inner) around(this.home[i]);
    for (const i of near) around(this.speaksFor(i));
    return this.openThese(open);
  }

  openThese(open) {
    let changed = false;
    for (const group of this.groups) {
      const opens = group.pinned ?? open.has(group);
      changed ||= group.open !== opens;
      group.open = opens;
    }
    return changed;
  }

  /** The innermost group that has to be open so that node i is told apart. */
  speaksFor(i) {
    let group = this.home[i];
    while (group.parent && group.outputs.length === 1) group = group.parent;
    return group;
  }

  /** The groups to open from the outside in, as long as what is shown can be read. */
  get some() {
    if (this.readable) return this.readable;
    this.readable = new Set([this.root]);
    let shown = this.root.nodes.length + this.root.groups.length,
      level = this.root.groups;
    while (level.length) {
      const more = level.reduce((sum, group) => sum + group.nodes.length + group.groups.length - 1, 0);
      if (shown + more > READABLE) break;
      for (const group of level) this.readable.add(group);
      shown += more;
      level = level.flatMap((group) => group.groups);
    }
    return this.readable;
  }

  /** What shows node i: the outermost closed group around it, or itself. */
  shows(i) {
    let found = i;
    for (let group = this.home[i]; group !== this.root; group = group.parent) if (!group.open) found = group;
    return found;
  }

  /** Open every group around node i. */
  reveal(i) {
    let changed = false;
    for (let group = this.home[i]; group; group = group.parent) {
      changed ||= !group.open;
      group.open = true;
    }
    return changed;
  }
}
