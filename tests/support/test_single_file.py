"""Allure's page taken apart: what is taken out, what is refused, and that its data survives."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from support.single_file import ForeignPageError, SingleFile

ANALYTICS = """<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        gtag('config', 'G-1', {"report": "awesome"});
    </script>"""
WORDS = (
    '"statuses":{"passed":"passed","failed":"failed","broken":"broken","skipped":"skipped","total":"total"}'
    'const t=new Blob([e],{type:"text/html; charset=utf-8"}),r=URL.createObjectURL(t);return n(r),'
    "()=>{URL.revokeObjectURL(r)}}}),[s]),s?"
    '{title:"HTML attachment",src:t,width:"100%",height:r||void 0,frameBorder:"0",'
    'sandbox:"allow-same-origin"}'
    '{"body":"Test body"} ADD_ATTR:["charset","content","name","rel","href","media","property"]'
)


def page(app: str = WORDS, extra: str = "") -> str:
    """Return a page as Allure writes it, with three entries of data, two of them alike."""
    code = b64encode(app.encode()).decode()
    entries = ",".join(
        f'd("{name}","{b64encode(body).decode()}")'
        for name, body in (
            ("data/a.json", '{"é": 1}'.encode()),
            ("data/b.png", b"\xff\0"),
            ("data/same.json", '{"é": 1}'.encode()),
        )
    )
    return (
        f"<html><head></head><body>{ANALYTICS}<script>window.kept = 1</script>{extra}"
        f'<script src="data:text/javascript;base64,{code}"></script>'
        f"<script defer>\n Promise.allSettled([{entries}])\n .then(function(){{}})</script></body></html>"
    )


def test_the_analytics_are_taken_out_and_the_rest_stays() -> None:
    html = SingleFile.read(page()).html()
    assert "gtag" not in html
    assert "window.kept = 1" in html


@pytest.mark.parametrize(
    "intruder",
    [
        '<script src="https://elsewhere.example/x.js"></script>',
        '<link rel="stylesheet" href="//elsewhere.example/x.css">',
        "<script>load('https://www.googletagmanager.com/other')</script>",
    ],
)
def test_a_page_that_would_call_somebody_is_not_handed_out(intruder: str) -> None:
    with pytest.raises(ForeignPageError, match="is not handed out"):
        SingleFile.read(page(extra=intruder))


def test_the_browser_is_forbidden_to_call_anybody() -> None:
    html = SingleFile.read(page()).html()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_the_data_survives_its_packing_and_what_is_alike_is_packed_once() -> None:
    whole = SingleFile.read(page()).without("none")
    sound = "data:audio/wav;base64,UklGRg=="
    pages = {f"data/{n}.html": f'<audio src="{sound}">{n}'.encode() for n in "xy"} | {"data/nul": b"\0001\0"}
    (packed,) = re.findall(r'id="evidence">([^<]+)<', replace(whole, data=whole.data | pages).html())
    assert json.loads(gzip.decompress(b64decode(packed))) == {
        "names": {
            "data/a.json": 3,
            "data/b.png": 4,
            "data/same.json": 3,
            "data/x.html": 1,
            "data/y.html": 2,
            "data/nul": 0,
        },
        "bodies": [
            {"base64": b64encode(b"\0001\0").decode()},
            '<audio src="\0000\0">x',
            '<audio src="\0000\0">y',
            '{"é": 1}',
            {"base64": b64encode(b"\xff\0").decode()},
        ],
        "sounds": [sound],
    }


def test_data_can_be_left_out() -> None:
    assert list(SingleFile.read(page()).without("data/a.json").data) == ["data/b.png", "data/same.json"]


def test_statuses_are_named_in_the_words_of_the_readers() -> None:
    html = SingleFile.read(page()).html()
    (app,) = re.findall(r'src="data:text/javascript;base64,([^"]+)"', html)
    assert (
        '"passed":"proven","failed":"failed","broken":"failed","skipped":"unproven"'
        in b64decode(app).decode()
    )


def test_a_link_in_the_evidence_may_open_a_window_and_no_script_may_run_there() -> None:
    html = SingleFile.read(page()).html()
    (app,) = re.findall(r'src="data:text/javascript;base64,([^"]+)"', html)
    (sandbox,) = re.findall(r'sandbox:"([^"]+)"', b64decode(app).decode())
    assert '"property","target"]' in b64decode(app).decode()
    assert set(sandbox.split()) == {"allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"}


@pytest.mark.parametrize("html", ["<html></html>", page(app="other words")])
def test_a_page_of_another_version_is_refused_with_the_remedy(html: str) -> None:
    with pytest.raises(ForeignPageError, match="install that version"):
        SingleFile.read(html)
