"""Allure's single-file page, taken apart and put together again: smaller, private, and with our words.

Allure 3.18 writes its data into the page as ``d("name","base64")``. Here the data is packed with gzip and
unpacked by the browser when the page opens, which makes the file several times smaller. What would call the
vendor's analytics is taken out, and a policy in the page itself forbids the browser to call anybody.
"""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from pathlib import Path

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^\"]*\"></script>\s*<script>(?:(?!</script>).)*</script>",
    re.DOTALL,
)
_OUTSIDE = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")
_DATA = re.compile(r"<script defer>\s*Promise\.allSettled\(\[[^<]*</script>")
_ENTRY = re.compile(r'd\("([^"]+)","([^"]*)"\)')
_SOUND = re.compile(r"data:audio/wav;base64,[A-Za-z0-9+/=]+")
_APP = re.compile(r'(?<=src="data:text/javascript;base64,)[^"]+(?=")')
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "style-src 'unsafe-inline' data:; img-src data: blob:; media-src data: blob:; font-src data:; "
    "connect-src data: blob:; frame-src data: blob:"
)
_LOOSE = "allow-same-origin allow-popups allow-popups-to-escape-sandbox"
_SIZE = 'width:"100%",height:r||void 0,frameBorder:"0"'
_CHANGES = {
    '"body":"Test body"': '"body":"Steps"',
    # Evidence names its sources: a link in it opens a window of its own. Still no script may run there.
    '"rel","href","media","property"]': '"rel","href","media","property","target"]',
    # It stands in the page itself, not behind an address that a page from disk may not look into, so that
    # it can be made as high as it is.
    'const t=new Blob([e],{type:"text/html; charset=utf-8"}),r=URL.createObjectURL(t);return n(r),'
    "()=>{URL.revokeObjectURL(r)}}}),[s]),s?": "n(e)}}),[s]),s?",
    f'title:"HTML attachment",src:t,{_SIZE},sandbox:"allow-same-origin"': (
        f'title:"HTML attachment",srcDoc:t,{_SIZE},sandbox:"{_LOOSE}"'
    ),
    '"statuses":{"passed":"passed","failed":"failed","broken":"broken","skipped":"skipped"': (
        '"statuses":{"passed":"proven","failed":"failed","broken":"failed","skipped":"unproven"'
    ),
}
"""Allure's words for a status, and those the readers of this report know; and what else is ours there."""

_UNPACK = (Path(__file__).parent / "unpack.js").read_text(encoding="utf-8")


class ForeignPageError(ValueError):
    """The page is not as Allure 3.18.0 writes it, or would call somebody; it must not be handed out."""


@dataclass(frozen=True)
class SingleFile:
    """A page and its data.

    Attributes:
        shell: The page, with a place where its data was.
        data: What it shows, by name: ``widgets/…json``, ``data/test-results/…json``, ``data/attachments/…``.
    """

    shell: str
    data: dict[str, bytes]

    @classmethod
    def read(cls, html: str) -> SingleFile:
        """Take a page apart and make it private.

        Raises:
            ForeignPageError: it has no data where Allure writes it, other words, or something that is loaded.
        """
        shell = _ANALYTICS.sub("", html)
        found = _DATA.search(shell)
        if found is None:
            raise ForeignPageError(
                "the generator's page has no data where allure 3.18.0 writes it; install that version"
            )
        data = {name: b64decode(value) for name, value in _ENTRY.findall(found[0])}
        shell = _APP.sub(_reworded, shell[: found.start()] + _PLACE + shell[found.end() :])
        outside = _OUTSIDE.findall(shell)
        if outside or "googletagmanager" in shell:
            raise ForeignPageError(
                f"the page would call {', '.join(outside) or 'its vendor'}; it is not handed out: "
                "support/single_file.py knows allure 3.18.0, install that version"
            )
        return cls(shell, data)

    def with_head(self, html: str) -> SingleFile:
        """Return the page with ``html`` at the end of its head."""
        return replace(self, shell=self.shell.replace("</head>", f"{html}</head>", 1))

    def with_body(self, html: str) -> SingleFile:
        """Return the page with ``html`` before everything else in its body."""
        return replace(self, shell=self.shell.replace("<body>", f"<body>{html}", 1))

    def without(self, *names: str) -> SingleFile:
        """Return the page without the data of these names."""
        return replace(self, data={name: body for name, body in self.data.items() if name not in names})

    def html(self) -> str:
        """Return the whole page, its data packed, forbidden to call anybody."""
        policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        # What many scenarios attach alike is in the file once, and what is similar stands side by side, which
        # packs well; so does a sound that many pages play.
        bodies = sorted(set(self.data.values()))
        place = {body: number for number, body in enumerate(bodies)}
        names = {name: place[body] for name, body in self.data.items()}
        sounds: dict[str, int] = {}
        portable = [_portable(body, sounds) for body in bodies]
        whole = json.dumps({"names": names, "bodies": portable, "sounds": list(sounds)}, ensure_ascii=False)
        packed = b64encode(gzip.compress(whole.encode(), compresslevel=9, mtime=0)).decode()
        evidence = f'<script type="application/octet-stream" id="evidence">{packed}</script>'
        scripts = f"{evidence}<script>{_UNPACK}</script>"
        return self.shell.replace("<head>", f"<head>{policy}", 1).replace(_PLACE, scripts, 1)


_PLACE = "<!-- the data of the report -->"


def _portable(body: bytes, sounds: dict[str, int]) -> str | dict[str, str]:
    """Return ``body`` as JSON can hold it; a sound in it gives way to its number between two NULs."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(body).decode()}
    if "\0" in text:
        return {"base64": b64encode(body).decode()}
    return _SOUND.sub(lambda found: f"\0{sounds.setdefault(found[0], len(sounds))}\0", text)


def _reworded(app: re.Match[str]) -> str:
    code = b64decode(app[0]).decode()
    for theirs, ours in _CHANGES.items():
        if theirs not in code:
            raise ForeignPageError(
                "the generator's words are not those of allure 3.18.0; install that version"
            )
        code = code.replace(theirs, ours)
    return b64encode(code.encode()).decode()
