"""Loops in pictures: the first step in full, and the steps after it as one box that says how many they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from autograd.iterations import Iteration, iterations_in, step_title
from viz.languages import LANGUAGES, Language
from viz.pictures.boxes import GROUP, Box, View, larger
from viz.pictures.fold import rewired
from viz.trace import OPERATION

FOLDED_FROM = 4  # so many steps are more than are drawn
INTO = "into_"  # what the id of a box begins with that holds what a loop's later steps eat


def steps_folded(scopes: Iterable[str]) -> dict[str, Iteration]:
    """Which scopes, in order, belong to a later step of a long loop; of several that they lie in, the outermost.

    >>> list(steps_folded(f"euler × 9.step {k}" for k in range(1, 10)))[:2]
    ['euler × 9.step 2', 'euler × 9.step 3']
    """
    within = {scope: iterations_in(scope) for scope in scopes}
    steps: dict[str, dict[int, None]] = defaultdict(dict)
    for found in within.values():
        for each in found:
            steps[each.loop][each.step] = None
    later = {loop: set(list(some)[1:]) for loop, some in steps.items() if len(some) >= FOLDED_FROM}
    chosen = {
        scope: next((each for each in found if each.step in later.get(each.loop, ())), None)
        for scope, found in within.items()
    }
    return {scope: each for scope, each in chosen.items() if each}


def loops_folded(view: View, words: Language = LANGUAGES["en"]) -> View:
    """The same picture with the later steps of a long loop in one box, and with what they alone eat in another."""
    folds = steps_folded(dict.fromkeys(box.scope for box in view.boxes))
    number = {loop: i for i, loop in enumerate(dict.fromkeys(each.loop for each in folds.values()))}
    homes = {box.id: f"steps_{number[folds[box.scope].loop]}" for box in view.boxes if box.scope in folds}
    homes.pop(view.root, None)
    if not homes:
        return view
    titles = {f"steps_{number[loop]}": _title(loop, folds.values(), words) for loop in number}
    homes |= _eaten(view, homes)
    members: dict[str, list[Box]] = defaultdict(list)
    for box in view.boxes:
        members[homes.get(box.id, box.id)].append(box)
    arrows = tuple(rewired(view.arrows, homes))
    slots, groups = Counter(arrow.head for arrow in arrows), set(homes.values())
    each = [_box(i, inside, folds, titles, words) if i in groups else inside[0] for i, inside in members.items()]
    boxes = [box._replace(slots=slots[box.id]) for box in each]
    note = "; ".join(filter(None, (view.note, _said(folds, words))))
    return view._replace(boxes=tuple(boxes), arrows=arrows, note=note)


def _eaten(view: View, homes: Mapping[str, str]) -> dict[str, str]:
    """What leads to the later steps of a loop and to nothing else, where it is much, such as the rows of a scan."""
    users: dict[str, list[str]] = defaultdict(list)
    for arrow in view.arrows:
        users[arrow.tail].append(arrow.head)
    leads = dict(homes)
    computed = [box for box in view.boxes if box.kind == OPERATION]
    for box in (*reversed(computed), *(box for box in view.boxes if box.kind != OPERATION)):
        ends = {leads.get(user, "") for user in users[box.id]}
        if box.id not in homes and box.id != view.root and len(ends) == 1 and not iterations_in(box.scope):
            leads[box.id] = ends.pop()
    eaten = {i: f"{INTO}{home}" for i, home in leads.items() if home and i not in homes}
    many = Counter(eaten.values())
    return {i: group for i, group in eaten.items() if many[group] >= FOLDED_FROM}


def _title(loop: str, folds: Iterable[Iteration], words: Language) -> str:
    steps = list(dict.fromkeys(each.step for each in folds if each.loop == loop))
    return words.tell(words.picture["later steps"], first=steps[0], last=steps[-1])


def _said(folds: Mapping[str, Iteration], words: Language) -> str:
    outermost = min(folds.values(), key=lambda each: each.loop.count("."))
    loop, step = outermost.loop, step_title(outermost.step - 1)
    return words.tell(words.picture["long loops"], one=repr(f"{loop}.{step}"), all=repr(loop))


def _box(i: str, inside: list[Box], folds: Mapping[str, Iteration], titles: Mapping[str, str], words: Language) -> Box:
    """The later steps of a loop, or what they eat."""
    delta = None
    for box in inside:
        delta = larger(delta, box.delta)
    tell, said = words.tell, words.picture
    lines = [tell(said["nodes"], n=len(inside)), _operations(inside)]
    if i in titles:
        title, scope = titles[i], folds[inside[0].scope].loop
        lines.insert(0, tell("× {n}", n=len({folds[box.scope].step for box in inside})))
    else:
        title, scope = tell(said["for steps"], steps=titles[i.removeprefix(INTO)]), inside[0].scope
    return Box(i, GROUP, title, title, "", None, delta, scope, 0, None, tuple(filter(None, lines)))


def _operations(inside: Iterable[Box]) -> str:
    """The commonest operations: 18 ×, 9 sin."""
    counts = Counter(box.symbol for box in inside if box.kind == OPERATION)
    return ", ".join(f"{many:,} {symbol}" for symbol, many in counts.most_common(3))
