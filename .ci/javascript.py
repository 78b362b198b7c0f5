"""Lints the JavaScript of the explorer's page: each module by itself, and all of them as the page has them.

    python .ci/javascript.py

Modules share one scope, in which they stand one after the other, so of a name only the whole can be asked whether
it is declared before it is used, and used at all.  biome.json says what is asked of each, and not of any:

    noUnusedVariables           what a module declares is for the others; asked of the whole
    useTemplate                 sign + "inf" reads as well
    useExponentiationOperator   Math.pow is what the rules of the table are printed with
    useIterableCallbackReturn   forEach(x => f(x)) is a loop, whatever f gives
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from viz.page import explore

HERE = Path(__file__).parent
OF_THE_WHOLE = ("noUndeclaredVariables", "noUnusedVariables", "noInvalidUseBeforeDeclaration")


def biome(*arguments: str) -> int:
    """Biome's exit status; a warning counts."""
    biome = Path(sysconfig.get_path("scripts")) / "biome"
    return subprocess.run([biome, "lint", "--error-on-warnings", *arguments], check=False).returncode


def lint() -> int:
    """0 if there is nothing to say."""
    modules = sorted(str(path) for path in Path(explore.__file__).parent.glob("*.js"))
    alone = biome(f"--config-path={HERE}", *modules)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "page.js"
        whole.write_text(explore._script([]), encoding="utf-8")
        return biome(*(f"--only=correctness/{rule}" for rule in OF_THE_WHOLE), str(whole)) or alone


if __name__ == "__main__":
    sys.exit(lint())
