// The graph as arrays: computed forwards by the table's rules, differentiated by the chain rule, and its steps.
// Node i is a leaf below `leaves`, computed up to `root`, and a constant above; edge e goes from operand[e] to node[e].

const NUMBERS = { nan: NaN, inf: Infinity, "-inf": -Infinity };
const number = (x) => (typeof x === "string" ? NUMBERS[x] : x);

/** What a node without a name is called: t₁, t₂, … if it was computed, v₁, v₂, … if it was given. */
const lettered = (n) => (n > 0 ? "t" : "v") + String(Math.abs(n)).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

/** A card's name on one line. */
const lined = (parts) => parts && parts[0] + (parts[1] && `_${parts[1]}`) + parts[2];

class Graph {
  constructor(data) {
    Object.assign(this, data);
    this.called = data.called.map((name) => (typeof name === "number" ? lettered(name) : name));
    this.narrow = this.called.map((name, i) => lined(this.onCard(i)) ?? name);
    for (const key of ["scope", "source"])
      if (typeof data[key] === "number") this[key] = new Array(data.value.length).fill(data[key]);
    asked.digits = data.digits;
    Object.assign(typeset, data.typeset);
    this.size = data.value.length;
    this.value = Float64Array.from(data.value, number);
    this.flows = Uint8Array.from(data.slope, (slope) => slope !== null);
    this.node = new Int32Array(data.operand.length);
    for (let i = 0; i < this.size; i++) this.node.fill(i, data.first[i], data.first[i + 1]);
    this.slope = Float64Array.from(data.slope, (slope, e) => this.read(slope, e));
    this.recorded = [this.value.slice(), this.slope.slice(), this.flows.slice()];
    this.differentiate();
    this.users = this.usersOfAll();
  }

  /** The slope of edge e as it was written: a number, none, or "@3", that of the node's operand 3. */
  read(slope, e) {
    if (slope === null) return NaN;
    return slope[0] === "@" ? this.value[this.operand[this.first[this.node[e]] + Number(slope.slice(1))]] : number(slope);
  }

  /** Node i's name on a card, where that is another: what stands on the line, below it, and what follows. */
  onCard(i) {
    return this.cards[i] ?? null;
  }

  /** The edges into node i, slots in order. */
  edges(i) {
    return Array.from({ length: this.first[i + 1] - this.first[i] }, (_, slot) => this.first[i] + slot);
  }

  operands(i) {
    return this.operand.slice(this.first[i], this.first[i + 1]);
  }

  isComputed(i) {
    return i >= this.leaves && i <= this.root;
  }

  isConstant(i) {
    return i > this.root;
  }

  /** Whether the page may give node i another number: a leaf, or a constant that no rule was printed for. */
  canChange(i) {
    if (!this.isConstant(i)) return !this.isComputed(i);
    const [e] = this.users[i],
      user = this.node[e];
    return e - this.first[user] >= (this.uses[this.use[user]].leading ?? 0);
  }

  /** How a computed node is written: { written, laid, slopes }; otherwise, if its constants are not the recorded ones. */
  notation(i) {
    const use = this.uses[this.use[i]];
    if (!use.otherwise) return use;
    const [recorded] = this.recorded,
      same = this.operands(i).every((o) => !this.isConstant(o) || Object.is(this.value[o], recorded[o]));
    return same ? use : use.otherwise;
  }

  /** The row of an operation: { name, symbol, doc }. */
  operation(i) {
    return this.ops[this.op[i]];
  }

  usersOfAll() {
    const users = Array.from({ length: this.size }, () => []);
    this.operand.forEach((operand, e) => {
      if (users[operand].at(-1) !== e) users[operand].push(e);
    });
    return users;
  }

  // -- forwards ------------------------------------------------------------------------------------

  /** Every computed number and slope again, from the leaves as they are now. */
  evaluate() {
    this.compute();
    for (let i = this.leaves; i <= this.root; i++) {
      const { rule } = this.uses[this.use[i]];
      const operands = this.given(i, this.value);
      slopes[rule](this.value[i], ...operands).forEach((slope, slot) => {
        const e = this.first[i] + slot,
          flows = slope !== null && !this.isConstant(this.operand[e]);
        this.flows[e] = flows;
        this.slope[e] = flows ? slope : NaN;
      });
    }
    this.differentiate();
  }

  /** The numbers up to node `last`, and no slopes: what a curve or a plane of many points is drawn with. */
  compute(last = this.root) {
    for (let i = this.leaves; i <= last; i++) this.value[i] = this.valueOf(i, this.value);
  }

  /** Node i by its rule, from these numbers of its operands. */
  valueOf(i, numbers) {
    return value[this.uses[this.use[i]].op](...this.given(i, numbers));
  }

  /** The slopes of node i, null where no derivative flows, from these numbers. */
  slopesOf(i, numbers) {
    return slopes[this.uses[this.use[i]].rule](numbers[i], ...this.given(i, numbers));
  }

  given(i, numbers) {
    return Array.from(this.operands(i), (o) => numbers[o]);
  }

  restore() {
    const [value, slope, flows] = this.recorded;
    this.value = value.slice();
    this.slope = slope.slice();
    this.flows = flows.slice();
    this.differentiate();
  }

  // -- backwards -----------------------------------------------------------------------------------

  /** The chain rule from the root back: δ of every node, and each contribution in order. */
  differentiate() {
    const delta = new Float64Array(this.size),
      reached = new Uint8Array(this.size),
      taken = [],
      sums = [];
    const arriving = Array.from({ length: this.size }, () => []);
    delta[this.root] = reached[this.root] = 1;
    for (let i = this.root; i >= this.leaves; i--) {
      for (let e = this.first[i]; reached[i] && e < this.first[i + 1]; e++) {
        if (!this.flows[e]) continue;
        const operand = this.operand[e];
        delta[operand] += delta[i] * this.slope[e];
        reached[operand] = 1;
        arriving[operand].push(taken.length);
        taken.push(e);
        sums.push(delta[operand]);
      }
    }
    Object.assign(this, { delta, reached, taken, sums, arriving });
  }

  // -- steps: first one a computed node, then the seed, then one a contribution ----------------------

  /** What the chain rule sends back along edge e. */
  sent(e) {
    return this.delta[this.node[e]] * this.slope[e];
  }

  get seed() {
    return this.root + 1 - this.leaves;
  }

  get steps() {
    return this.seed + 1 + this.taken.length;
  }

  /** Step number k: what it is about and what it changes. */
  step(k) {
    if (k < this.seed) return { phase: "forward", node: this.leaves + k, target: this.leaves + k };
    if (k === this.seed) return { phase: "seed", node: this.root, target: this.root };
    const edge = this.taken[k - this.seed - 1];
    return { phase: "backward", edge, node: this.node[edge], target: this.operand[edge] };
  }

  /** Whether node i has its number after so many steps. */
  knows(i, taken) {
    return !this.isComputed(i) || i - this.leaves < taken;
  }

  /** δ of node i after so many steps: { delta, arrived, expected }; delta is null if nothing has arrived. */
  gathered(i, taken) {
    const steps = taken - this.seed - 1;
    if (i === this.root) return { delta: steps >= 0 ? 1 : null, arrived: Number(steps >= 0), expected: 1 };
    const arriving = this.arriving[i],
      arrived = countBelow(arriving, steps);
    return { delta: arrived ? this.sums[arriving[arrived - 1]] : null, arrived, expected: arriving.length };
  }

  /** After how many steps node i has its number (forwards) or all of its δ (backwards); null for never. */
  momentOf(i, backwards) {
    if (!backwards) return this.isComputed(i) ? i - this.leaves + 1 : 0;
    if (i === this.root) return this.seed + 1;
    return this.arriving[i].length ? this.seed + 2 + this.arriving[i].at(-1) : null;
  }

  /** The nearest moment after (or, back, before) so many steps at which another neuron has had its turn. */
  unit(taken, back) {
    const key = (k) => {
      const { phase, node } = this.step(k);
      return phase === "seed" ? "seed" : this.scope[node] ? `s${this.scope[node]}` : `n${node}`;
    };
    let k = back ? taken - 1 : taken;
    if (k < 0 || k >= this.steps) return back ? 0 : this.steps;
    const inside = key(k);
    while (back ? k > 0 && key(k - 1) === inside : k < this.steps && key(k) === inside) k += back ? -1 : 1;
    return k;
  }
}

/** How many of the ascending numbers are below a limit. */
function countBelow(numbers, limit) {
  let low = 0,
    high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
