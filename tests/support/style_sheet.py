"""The pages' style sheet: compiled from LESS with OctoPrint's own compiler in a real Chromium.

OctoPrint serves the CSS, or the LESS if `devel.stylesheet` is set. `python -m tests.support.style_sheet` writes the
CSS; a test checks that both match.
"""

from __future__ import annotations

import re
from pathlib import Path

import octoprint

from tests.support.browser import chromium
from tests.support.contract import PROJECT

STATIC = PROJECT / "octoprint_temp_eta" / "static"
LESS = STATIC / "less" / "temp_eta.less"
CSS = STATIC / "css" / "temp_eta.css"
COMPILER = Path(octoprint.__file__).parent / "static" / "js" / "lib" / "less.js"
HEAD = "/* Made from the files in less/: change those, then run make pages. */\n"
IMPORT = re.compile(r'@import "(.+)";')


def compiled() -> str:
    """Return the CSS compiled from the current LESS."""
    main = LESS.read_text(encoding="utf-8")
    whole = IMPORT.sub(lambda part: LESS.with_name(part[1]).read_text(encoding="utf-8"), main)
    with chromium() as browser:
        page = browser.new_page()
        page.add_script_tag(path=COMPILER)
        css = page.evaluate("text => less.render(text).then(output => output.css)", whole)
    return HEAD + str(css)


if __name__ == "__main__":
    CSS.write_text(compiled(), encoding="utf-8")
