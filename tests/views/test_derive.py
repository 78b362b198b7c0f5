"""Derivations: the lines that a teacher writes, and that their numbers are the graph's."""

import random
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from autograd import Value, deltas, gradient, log, sin, tanh
from autograd.errors import GraphError, OperandError
from nn import MLP, binary_cross_entropy, cross_entropy, half_squared_error
from viz.formulas.derive import derive

ROWS, TARGETS = [[1.4, -1.0, 0.4], [0.3, 0.2, -0.5]], [0.45, 0.52]


def result(derivation):
    """The number that the last line ends in."""
    return float(re.split("[=≈]", str(derivation).splitlines()[-1])[-1].replace("-", "-"))


def line(derivation, beginning):
    (found,) = [x.strip() for x in str(derivation).splitlines() if x.strip().startswith(beginning)]
    return found


def matrix(derivation, beginning):
    cells = line(derivation, beginning).split("[")[-1].rstrip("]").replace("-", "-")
    return np.array([[float(x) for x in row.split()] for row in cells.split(";")])


def neuron():
    w, x, y = (Value(v, name=k) for v, k in ((1.8, "w"), (0.7, "x"), (0.3, "y")))
    z = w * x
    z.name = "z"
    a = tanh(z)
    a.name = "a"
    J = 0.5 * (y - a) ** 2
    J.name = "J"
    return w, J


# -- the chain ------------------------------------------------------------------------------------------


def test_the_chain_of_a_neuron():
    w, J = neuron()
    assert str(derive(J, wrt=w)) == (
        "The computation\n"
        "  z = w·x = 1.26\n"
        "  a = tanh(z) ≈ 0.85106\n"
        "  t₁ = y - a ≈ -0.55106\n"
        "  t₂ = t₁² ≈ 0.30367\n"
        "  J = 0.5·t₂ ≈ 0.15184\n"
        "The chain rule\n"
        "  ∂J/∂w = ∂J/∂t₂·∂t₂/∂t₁·∂t₁/∂a·∂a/∂z·∂z/∂w\n"
        "The local derivatives\n"
        "  ∂J/∂t₂ = 0.5\n"
        "  ∂t₂/∂t₁ = 2·t₁ ≈ -1.1021\n"
        "  ∂t₁/∂a = -1\n"
        "  ∂a/∂z = 1 - a² ≈ 0.27569\n"
        "  ∂z/∂w = x = 0.7\n"
        "With the numbers\n"
        "  ∂J/∂w ≈ 0.5·(-1.1021)·(-1)·0.27569·0.7 ≈ 0.10635"
    )


def test_several_paths_are_summed():
    x = Value(0.7, name="x")
    J = x * x + sin(x) * Value(1.8, name="w")
    J.name = "J"
    derivation = derive(J, x)
    assert "∂J/∂x = ∂J/∂t₁·∂t₁/∂x + ∂J/∂t₃·∂t₃/∂t₂·∂t₂/∂x" in str(derivation)
    assert "a sum over 3 paths, those through the same nodes in one term" in str(derivation)
    assert result(derivation) == pytest.approx(gradient(J, x), rel=1e-4)


@pytest.mark.parametrize("seed", range(30))
def test_the_result_of_random_graphs_is_the_gradient(seed):
    rng = random.Random(seed)
    x = Value(rng.uniform(0.5, 1.5), name="x")
    nodes = [x, Value(rng.uniform(0.5, 1.5), name="y")]
    for _ in range(rng.randrange(3, 40)):
        a, b = nodes[-1], rng.choice(nodes)
        nodes.append(rng.choice((lambda: a + b, lambda: a - b, lambda: tanh(a) * b, lambda: a / (2 + b * b)))())  # noqa: B023
    J = nodes[-1] + x
    derivation = derive(J, x)
    assert result(derivation) == pytest.approx(gradient(J, x), rel=1e-4)
    ET.fromstring(derivation.mathml)
    ET.fromstring(derivation.html)


def test_many_paths_become_a_recursion():
    w, x = Value(1.1, name="w"), Value(0.7, name="x")
    v = x
    for _ in range(5):
        v = v * v + v * w
    derivation = derive(v, x)
    assert line(derivation, "δ(t₃)").startswith("δ(t₃) = δ(t₅)·w + 2·δ(t₄)·t₃")
    assert result(derivation) == pytest.approx(gradient(v, x), rel=1e-4)


def test_a_long_recursion_counts_what_it_leaves_out():
    v = x = Value(-0.01, name="x")
    for _ in range(5_000):
        v = v * v + v
    derivation = derive(v, x)
    assert len(str(derivation)) < 20_000
    assert re.search(r"… and so on through [\d,]+ nodes in between …", str(derivation))
    assert result(derivation) == pytest.approx(gradient(v, x), rel=1e-4)


def test_a_derivative_can_be_derived_again():
    w, J = neuron()
    first = gradient(J, w, as_graph=True)
    assert result(derive(first, w)) == pytest.approx(gradient(first, w), rel=1e-4)


def test_with_respect_to_itself_and_to_an_inner_node():
    _, J = neuron()
    assert result(derive(J, J)) == 1.0
    a = J.operands[1].operands[0].operands[1]
    assert a.name == "a"
    assert result(derive(J, a)) == pytest.approx(gradient(J, a), rel=1e-4)


# -- layers ---------------------------------------------------------------------------------------------


@pytest.fixture
def network():
    model = MLP(3, [3, 2, 1], "tanh", seed=1)
    J = half_squared_error([model(row) for row in ROWS], TARGETS)
    return model, J


def test_the_recursion_of_the_lecture(network):
    model, J = network
    derivation = derive(J, wrt=model.layers[0].neurons[1].w[2])
    assert line(derivation, "δ⁽⁴⁾").startswith("δ⁽⁴⁾ = -(Y - Ŷ) ⊙ (1 - tanh²(Z⁽⁴⁾)) ≈ [")
    assert line(derivation, "δ⁽³⁾").startswith("δ⁽³⁾ = (δ⁽⁴⁾·W⁽³⁾ᵀ) ⊙ (1 - tanh²(Z⁽³⁾)) ≈ [")
    assert line(derivation, "δ⁽²⁾").startswith("δ⁽²⁾ = (δ⁽³⁾·W⁽²⁾ᵀ) ⊙ (1 - tanh²(Z⁽²⁾)) ≈ [")
    assert line(derivation, "∂J/∂W⁽¹⁾").startswith("∂J/∂W⁽¹⁾ = Xᵀ·δ⁽²⁾ ≈ [")
    assert line(derivation, "∂J/∂W¹₃₂")
    third = derive(J, wrt=model.layers[2].neurons[0].w[0])
    assert line(third, "∂J/∂W⁽³⁾").startswith("∂J/∂W⁽³⁾ = A⁽³⁾ᵀ·δ⁽⁴⁾ ≈ [")
    assert "δ⁽³⁾" not in str(third)


def test_its_numbers_are_those_of_the_matrix_formulas(network):
    model, J = network
    derivation = derive(J, wrt=model.layers[0].neurons[0].w[0])
    W, b, A = model.weights, model.biases, [np.array(ROWS)]
    for Wl, bl in zip(W, b, strict=True):
        A.append(np.tanh(A[-1] @ Wl + bl))
    d4 = -(np.array(TARGETS)[:, None] - A[3]) * (1 - A[3] ** 2)
    d3 = (d4 @ W[2].T) * (1 - A[2] ** 2)
    d2 = (d3 @ W[1].T) * (1 - A[1] ** 2)
    for beginning, expected in {
        "A⁽²⁾ =": A[1], "A⁽³⁾ =": A[2], "Ŷ =": A[3], "δ⁽⁴⁾ =": d4, "δ⁽³⁾ =": d3, "δ⁽²⁾ =": d2,
        "∂J/∂W⁽¹⁾ =": A[0].T @ d2,
    }.items():  # fmt: skip
        np.testing.assert_allclose(matrix(derivation, beginning), expected, rtol=1e-3)
    bias = derive(J, wrt=model.layers[1].neurons[0].b)
    np.testing.assert_allclose(matrix(bias, "∂J/∂b⁽²⁾ ="), d3.sum(axis=0)[None, :], rtol=1e-3)
    assert result(bias) == pytest.approx(d3.sum(axis=0)[0], rel=1e-4)


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "linear", "leaky_relu", "gelu"])
def test_other_activations(activation):
    model = MLP(3, [4, 2], activation=activation, seed=3)
    J = half_squared_error([y for row in ROWS for y in model(row)], [0.1, 0.2, 0.3, 0.4])
    w = model.layers[0].neurons[0].w[0]
    derivation = derive(J, w)
    assert "δ⁽²⁾ = (δ⁽³⁾·W⁽²⁾ᵀ)" in str(derivation) or "δ⁽²⁾ = δ⁽³⁾·W⁽²⁾ᵀ" in str(derivation)
    assert result(derivation) == pytest.approx(gradient(J, w), rel=1e-4, abs=1e-12)
    ET.fromstring(derivation.html)


def test_a_loss_that_differs_between_samples_shows_its_numbers():
    model = MLP(2, [2, 1], activation="sigmoid", seed=0)
    J = binary_cross_entropy([model([1.0, 2.0]), model([0.5, -1.0])], [0, 1])
    w = model.layers[1].neurons[0].w[0]
    derivation = derive(J, w)
    assert line(derivation, "δ⁽³⁾").startswith("δ⁽³⁾ = ∂J/∂Ŷ ⊙ (σ(Z⁽³⁾)·(1 - σ(Z⁽³⁾)))")
    assert result(derivation) == pytest.approx(gradient(J, w), rel=1e-4)


def test_what_is_no_stack_of_layers_is_not_written_as_one(network):
    model, J = network
    w = model.layers[0].neurons[0].w[0]
    penalised = J + w * w
    derivation = derive(penalised, w)
    assert "Z⁽²⁾" not in str(derivation)
    assert result(derivation) == pytest.approx(gradient(penalised, w), rel=1e-4)


def test_a_large_layer_is_cut_in_its_middle():
    model = MLP(20, [30, 1], activation="tanh", seed=0)
    J = half_squared_error(model([0.1] * 20), 0.5)
    derivation = derive(J, model.layers[0].neurons[0].w[0])
    assert "…" in line(derivation, "δ⁽²⁾")
    assert len(str(derivation)) < 3_000


# -- layers whose rows are mixed, and slopes that are learned ---------------------------------------------


SYMBOL = re.compile("∂J/∂[AŶ](?:⁽[⁰¹²³⁴]⁾)?|[ZAWbδα]⁽[⁰¹²³⁴]⁾|[XYŶ]")
FUNCTIONS = {
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
    "ln": np.log, "tanh²": lambda z: np.tanh(z) ** 2, "tanh": np.tanh,
    "prelu": lambda z, a: np.where(z > 0, z, a * z),
}  # fmt: skip


def board(derivation, known):
    """Every line of the board as (symbol, what its formula gives from the lines before, its own numbers)."""
    known = {name: np.array(value, float) for name, value in known.items()}
    for text in str(derivation).splitlines():
        match = re.fullmatch(r"  (\S+) = (.*) ≈ \[(.*)\]", text)
        if match is None:
            continue
        symbol, formula, cells = match.groups()
        numbers = np.array([[float(x) for x in row.split()] for row in cells.replace("-", "-").split(";")])
        yield symbol, evaluated(formula, known), numbers
        known[symbol] = numbers


def evaluated(formula, known):
    """A formula of the board, read as NumPy."""
    source = re.sub(r"\((\S+) if (\S+) > 0 else (\S+)\)", r"where(\2 > 0, \1, \3)", formula)
    source = re.sub(r"(\w+²?)(?=\()", lambda m: f"F[{m[1]!r}]" if m[1] in FUNCTIONS else m[1], source)
    source = re.sub("^1ᵀ·", "down.T@", source).replace("·1·1ᵀ", "@across@across.T")
    source = SYMBOL.sub(lambda m: f"M({m[0]!r})", source)
    source = re.sub(r"(\d+)/(\d+)·", r"\1/\2*", source)
    for sign, operator in {"ᵀ": ".T", "⊙": "*", "·": "@", "-": "-", ";": ","}.items():
        source = source.replace(sign, operator)
    ones = {"down": np.ones((len(known["X"]), 1)), "across": np.ones((known["Y"].shape[1], 1))}
    return eval(source, {"F": FUNCTIONS, "M": lambda name: known[name], "where": np.where, **ones})


CLASSES, SHARES = [2, 0], [[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]]
ONE_HOT = np.eye(3)[CLASSES]
STACKS = {
    "softmax at the end": (["tanh", "softmax"], lambda y: half_squared_error(y, ONE_HOT), ONE_HOT),
    "softmax inside": (["softmax", "tanh"], lambda y: half_squared_error(y, ONE_HOT), ONE_HOT),
    "ln softmax inside, softmax": (["log_softmax", "softmax"], lambda y: half_squared_error(y, SHARES), SHARES),
    "prelu": (["prelu", "prelu"], lambda y: half_squared_error(y, SHARES), SHARES),
    "cross-entropy of logits": (["prelu", "linear"], lambda y: cross_entropy(y, CLASSES), ONE_HOT),
    "summed, of shares": (["tanh", "linear"], lambda y: cross_entropy(y, SHARES, reduction="sum"), SHARES),
}


@pytest.mark.parametrize("kind", ["W", "b", "α", "z"])
@pytest.mark.parametrize("stack", STACKS)
def test_every_line_of_the_board_follows_from_those_before(stack, kind):
    activation, loss, targets = STACKS[stack]
    model = MLP(3, [3, 3], activation=activation, seed=4)
    J = loss([model(row) for row in ROWS])
    wanted = next((v for v in deltas(J) if (v.name or "").startswith(kind) and v.name[1] in "¹²"), None)
    if wanted is None:
        assert kind == "α"  # and nothing in this stack learns a slope
        return
    known = {"X": ROWS, "Y": targets}
    for layer in model.layers:
        above = "⁽" + "⁰¹²³⁴"[layer.number - 1] + "⁾"
        known |= {f"W{above}": layer.weights, f"b{above}": layer.bias[None, :]}
        if layer.neurons[0].slope is not None:
            known[f"α⁽{'⁰¹²³⁴'[layer.number]}⁾"] = [[neuron.slope.data for neuron in layer.neurons]]
    lines = list(board(derive(J, wanted), known))
    for symbol, found, numbers in lines:
        np.testing.assert_allclose(found, numbers, rtol=5e-3, atol=2e-4, err_msg=symbol)
    symbols = [symbol for symbol, _, _ in lines]
    assert {"Z⁽²⁾", "A⁽²⁾", "Z⁽³⁾", "δ⁽³⁾"} <= set(symbols)
    assert "∂J/∂Z" not in str(derive(J, wanted)).replace("δ = ∂J/∂Z", "")
    assert result(derive(J, wanted)) == pytest.approx(gradient(J, wanted), rel=1e-4)


def test_a_row_of_which_one_class_alone_is_used_has_no_matrix():
    model = MLP(3, [3, 3], activation=["tanh", "softmax"], seed=4)
    J = -log(model(ROWS[0])[1])
    w = model.layers[0].neurons[0].w[0]
    derivation = derive(J, w)
    assert "Ŷ" not in str(derivation)
    assert result(derivation) == pytest.approx(gradient(J, w), rel=1e-4)


# -- every form, every name, every mistake --------------------------------------------------------------


def test_every_form(network):
    model, J = network
    derivation = derive(J, wrt=model.layers[0].neurons[0].w[0])
    assert r"\delta^{(3)} = \left(\delta^{(4)} \cdot W^{(3)T}\right) \odot \left(1 - \tanh ^{2}" in derivation.latex
    assert derivation.latex.count("{") == derivation.latex.count("}")
    assert derivation._repr_latex_() == f"$$ {derivation.latex} $$"
    assert not hasattr(derivation, "_repr_html_")  # which a notebook would prefer, and strip of its MathML
    for markup in (derivation.mathml, derivation.html):
        ET.fromstring(markup)


@pytest.mark.parametrize("name", ["</script>", "a & b < c", r"\end{aligned}", "}{", "$%#", "🙂", "\x00", "y" * 10_000])
def test_hostile_names_stay_names(name):
    w, J = Value(0.5, name=name), None
    J = tanh(w * 2 + w)
    J.name = name
    derivation = derive(J, w)
    for markup in (derivation.mathml, derivation.html):
        assert not any("script" in element.tag for element in ET.fromstring(markup).iter())
    assert r"\end{aligned}" not in derivation.latex[:-15]
    assert len(str(derivation)) < 3_000


def test_mistakes():
    w, J = neuron()
    with pytest.raises(OperandError, match="along one node, or its name, got float"):
        derive(J, 3.0)
    with pytest.raises(OperandError, match="got list"):
        derive([J], w)
    with pytest.raises(GraphError, match="no path"):
        derive(J, Value(1.0))
    with pytest.raises(GraphError, match="the derivative is 0"):
        derive(J.detach() * 2, w)


def test_an_equation_that_is_too_wide_for_paper_goes_on_before_its_last_sign():
    w = [Value(0.1 * k + 0.123456, name=f"weight_of_{k}") for k in range(3)]
    J = tanh(w[0] * w[1]) * tanh(w[1] * w[2]) * tanh(w[0] * w[2])
    J.name = "J"
    found = derive(J, w[1])
    lines = found.latex.splitlines()
    on = [at for at, each in enumerate(lines) if each.startswith((r"& \quad \quad  \approx", r"& \quad \quad  ="))]
    assert on
    assert all(" = " in lines[at - 1] or r"\approx" in lines[at - 1] for at in on)
    assert found.latex.count(r"\approx") == str(found).count("≈")
    x = Value(3.0, name="x")
    assert r"\quad \quad" not in derive(x * x, x).latex
