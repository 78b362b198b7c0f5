"""WCAG AA: every text at 4.5 : 1 or more against what it stands on, computed from the colours, light and dark."""

import pytest

import viz
from autograd import Value, log
from nn import MLP, half_squared_error
from tests.support.browser import launched, opened
from viz.pictures.svg import COLOURS

ENOUGH = 4.5
LIGHT, DARK = 1, 2


@pytest.fixture(scope="module")
def browser():
    with launched() as running:
        yield running


def channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def over(rgb, ground, opacity):
    return [opacity * a + (1 - opacity) * b for a, b in zip(rgb, ground, strict=True)]


def test_white_on_black_is_21_to_1():
    assert contrast([1, 1, 1], [0, 0, 0]) == pytest.approx(21)
    assert contrast(channels("#777777"), [1, 1, 1]) == pytest.approx(4.478, abs=1e-3)  # the known case just below AA


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("text", ["ink", "soft", "plus", "minus", "alarm"])
def test_every_text_of_a_drawing_can_be_read(theme, text):
    colour = {name: channels(triple[theme]) for name, triple in COLOURS.items()}
    grounds = [colour[name] for name in ("page", "card", "given", "scope0", "scope1")]
    tint = {"plus": "plus-tint", "minus": "minus-tint"}.get(text)
    tints = [tint] if tint else ["plus-tint", "minus-tint"] if text in ("ink", "soft") else []
    grounds += [over(colour[name], colour[on], 0.2) for name in tints for on in ("card", "given")]  # the deepest tint
    for ground in grounds:
        assert contrast(colour[text], ground) >= ENOUGH


# What every visible text of a page stands on: backgrounds of what is around it, a card's face and its tint.
TEXTS = r"""() => {
    const parsed = (text) => {
        const found = text.match(/[\d.]+/g).map(Number);
        const scale = text.startsWith('color(') ? 1 : 255;
        const [r, g, b, a = 1] = found;
        return {rgb: [r / scale, g / scale, b / scale], a};
    };
    const over = ({rgb, a}, ground, more = 1) => rgb.map((c, i) => a * more * c + (1 - a * more) * ground[i]);
    const page = parsed(getComputedStyle(document.body).backgroundColor).rgb;
    const behind = (element) => {
        const above = [];
        for (let at = element; at; at = at.parentElement) above.unshift(at);
        return above.reduce((ground, at) => over(parsed(getComputedStyle(at).backgroundColor), ground), page);
    };
    const found = [];
    const add = (element, colour, ground, more = 1) => found.push({
        text: element.textContent.slice(0, 30), of: element.getAttribute('class') ?? element.id ?? '',
        colour: over(colour, ground, more), ground,
    });
    for (const card of document.querySelectorAll('.picture .card')) {
        const face = parsed(getComputedStyle(card.querySelector('.face')).fill);
        const tint = getComputedStyle(card.querySelector('.tint'));
        const ground = over(parsed(tint.fill), over(face, page), Number(tint.fillOpacity));
        for (const text of card.querySelectorAll('text')) {
            const look = getComputedStyle(text);
            if (text.textContent) add(text, parsed(look.fill), ground, Number(look.fillOpacity));
        }
    }
    for (const scope of document.querySelectorAll('.scope')) {
        const look = getComputedStyle(scope.querySelector('text'));
        add(scope, parsed(look.fill), over(parsed(getComputedStyle(scope.querySelector('rect')).fill), page));
    }
    for (const text of document.querySelectorAll('.slope')) add(text, parsed(getComputedStyle(text).fill), page);
    for (const element of document.querySelectorAll('body *')) {
        if (element.namespaceURI.endsWith('svg') || element.closest('noscript, script, style')) continue;
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest(':disabled')) continue;
        const look = getComputedStyle(element);
        add(element, parsed(look.color), behind(element), Number(look.opacity));
    }
    return found;
}"""


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
def test_every_text_of_a_page_can_be_read(browser, tmp_path, scheme):
    model = MLP(2, [2, 1], activation="tanh", seed=3)
    J = half_squared_error(model([0.5, -1.0]), 0.7) + log(Value(-1.0, name="never")) * 0.0
    file = viz.explore(J).save(tmp_path / "page.html")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    tab = opened(context, file)
    seen = 0
    for keys in (["0"], ["End"], ["f", "Home", "ArrowRight"], ["p", "ArrowRight"], ["p", "c"]):
        tab.press(*keys)
        tab.page.wait_for_timeout(250)
        for text in tab.run(TEXTS):
            seen += 1
            assert contrast(text["colour"], text["ground"]) >= ENOUGH, (keys, text)
    assert seen > 200
    context.close()
