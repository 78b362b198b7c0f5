"""Random programs, asked in every way there is, and held against mpmath, JAX and C: `python -m tests.fuzzing --help`.

    terms      a program as data: texts with holes, which print as Python and can be cut smaller
    forms      what a program may say: every row of the table, vectors, conditions, transforms, compiled functions
    generate   random programs, with the containers, axes and special numbers that they are handed
    ways       the questions, and all the ways to ask each
    oracle     what is right, to 110 digits, by difference quotients; and how sure a double can be of it
    batches    what in_axes and reduce mean: a loop over the samples
    neighbour  the same text read by JAX
    exported   programs as C, by gcc, many at a time
    hunt       the loop: ask, compare, count, cut down what differs

One source text has many readings: what differs between the engine, mpmath and JAX is what its names mean.
"""
