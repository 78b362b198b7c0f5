"""For a class: a folder of gradients by hand, each run by itself, checked, and its mistake explained.

worker   runs one submission, under limits, in a process of its own; it knows nothing of this project
running  starts that process and takes what it answers as plain numbers
mark     checks the answers, explains what is wrong, and puts it in a table: text, CSV, a page
"""

from viz.marking.mark import Mark, Marks, mark

__all__ = ["Mark", "Marks", "mark"]
