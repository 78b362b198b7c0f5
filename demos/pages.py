"""Pages to step through and to change: the lecture's network, the picnic perceptron, one sigmoid neuron."""

from __future__ import annotations

from pathlib import Path

import viz
from autograd import Value
from demos.lecture.network import WEIGHTS, X, Y
from demos.neuron import THRESHOLD
from demos.neuron import WEIGHTS as PICNIC
from demos.output import heading, options, save_drawing
from nn import MLP, Neuron, Perceptron, half_squared_error
from viz import Page, terminal


def lecture_network() -> Page:
    """The lecture's 3-3-2-1 network and its loss for the first car."""
    note = "A small network guesses the price of a car. Step through it: first the numbers, then who is to blame."
    return _price_of_a_car("The lecture's network", note, "en")


def lecture_network_in_russian() -> Page:
    """The same in the lecture's own language."""
    note = (
        "Небольшая сеть угадывает цену автомобиля. Пройдите её по шагам: сначала числа, потом — кто виноват в ошибке."
    )
    return _price_of_a_car("Сеть из лекции", note, "ru")


def _price_of_a_car(title: str, note: str, lang: str) -> Page:
    model = MLP.from_weights(WEIGHTS, activation="tanh")
    J = half_squared_error(model(X[0]), Y[0, 0])
    return viz.explore(J, title=title, note=note, wrt=model.parameters(), rate=1.0, lang=lang)


def perceptron() -> Page:
    """Will there be a picnic?  Yes or no: a step, whose slope is 0, so that nothing can be learnt."""
    picnic = Perceptron(PICNIC, THRESHOLD)
    answer = picnic(_circumstances(1.0, 1.0, 0.0))
    answer.name = "picnic"
    note = "Will there be a picnic? 1 is yes. Change the weather. But the slope of a step is 0: nothing is learnt."
    return viz.explore(answer, title="The picnic perceptron", note=note, wrt=picnic.parameters(), rate=1.0)


def sigmoid_neuron() -> Page:
    """The same with a slope to walk along: there was a picnic in good weather alone, and the neuron learns it."""
    neuron = Neuron.from_weights(PICNIC, -THRESHOLD, "sigmoid")
    J = half_squared_error(neuron(_circumstances(1.0, 0.0, 0.0)), 1.0)
    note = "There was a picnic in good weather alone, but the neuron says 27%. Step downhill, and it learns."
    return viz.explore(J, title="One sigmoid neuron", note=note, wrt=neuron.parameters(), rate=10.0)


def _circumstances(weather: float, friends: float, distance: float) -> list[Value]:
    return [Value(weather, name="weather"), Value(friends, name="friends"), Value(distance, name="distance")]


PAGES = {
    "step.html": lecture_network, "step-ru.html": lecture_network_in_russian, "perceptron.html": perceptron,
    "sigmoid.html": sigmoid_neuron,
}  # fmt: skip


def run(out: Path) -> list[Path]:
    """Write the pages into `out`."""
    heading("Pages to step through")
    return [save_drawing(make().save, out / name) for name, make in PAGES.items()]


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    run(options(__doc__).parse_args(argv).out)
    return 0


if __name__ == "__main__":
    terminal.run(main)
