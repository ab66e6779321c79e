"""The Lua functions, each in `lua/<noun>/`; the pieces that they share are in `lua/lib/`."""

import re
from pathlib import Path

LUA = Path(__file__).parent / "lua"


def sources() -> dict[str, str]:
    """The text of each function, under a name such as `rooms/leave`."""
    files = [path for path in LUA.glob("*/*.lua") if path.parent.name != "lib"]
    return {f"{path.parent.name}/{path.stem}": _whole(path.read_text()) for path in files}


def _whole(text: str) -> str:
    """A function with the shared pieces in place of the lines that name them."""

    def piece(match: re.Match[str]) -> str:
        return (LUA / f"lib/{match[1]}.lua").read_text()

    return re.sub(r"^-- include (\w+)$", piece, text, flags=re.MULTILINE)
