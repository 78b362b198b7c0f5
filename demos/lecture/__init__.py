"""The lecture, number by number: what the slides print beside what the engine computes.

``python -m demos.lecture`` walks through every part of an introduction to neural networks, from the
perceptron to online learning, and says match or mismatch.  Where a slide is wrong, it shows the
slide's formula and the derivative that the graph gives.  The exit status is 1 if anything is unexpected.
"""

from __future__ import annotations

from pathlib import Path

from demos.lecture import backward, neurons, propagation, training
from demos.lecture.report import Report
from demos.output import announce, heading, options

SECTIONS = (
    neurons.perceptron,
    neurons.sigmoid_neuron,
    neurons.activations,
    neurons.relu_family,
    neurons.softmax_section,
    propagation.many_layers,
    propagation.price_of_a_car,
    propagation.forward_propagation,
    propagation.need_of_a_bias,
    propagation.bias_as_ones,
    backward.loss,
    backward.gradient_of_z,
    backward.update,
    backward.chain_rule,
    backward.backward,
    backward.slips,
    training.normalisation,
    training.initialisation,
    training.online_learning,
)


def walk(report: Report) -> None:
    """All parts of the lecture, in its order."""
    for section in SECTIONS:
        section(report)


def run(out: Path) -> int:
    """Print the report, write the pictures and the page into `out`; 0, or 1 if something was unexpected."""
    heading("The lecture, number by number")
    print("✓ match: the engine gives what the slide prints (at the slide's digits) or states")
    print("! slide error: the slide's formula and the derivative from the graph, with numbers")
    report = Report()
    walk(report)
    status = report.summary()
    print()
    from demos.lecture import page, pictures  # only here: the report alone needs no drawing

    pictures.draw_all(out)
    announce(page.write(report, out))
    return status


def main(argv: list[str] | None = None) -> int:
    """The command line."""
    return run(options(__doc__).parse_args(argv).out)
