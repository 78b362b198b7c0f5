"""Check derivatives: the engine's, or ones derived by hand, against finite differences.

arguments    a function at a point, and what has to be made like its arguments
differences  slopes at every size of step, and how far they may be off
verdicts     agrees, wrong, cannot tell
along        random directions through many numbers, and where one is off
report       what was found, as plain data that shows itself
ask          check_grad, check_jacobian, check_hessian
taylor       one number: how fast what a derivative leaves unexplained shrinks
rows         a primitive against its definition and differences, and its readings against each other
definition   what a row is, and what its derivatives are, to hundreds of digits
"""
