"""The review's page: what stands in it before its script has asked the server anything."""

from pathlib import Path

from hub.pages import PageWords, escaped, page, style

_FOLDER = Path(__file__).parent
# Keys and what each does, as the page's help shows it; `review.js` has them by the same letters.
_KEYS = (
    ("1", "better.0"),
    ("2", "better.1"),
    ("0", "tie"),
    ("Q W", "approve"),
    ("A S", "edit"),
    ("Z X", "mark"),
    ("C", "comment"),
    ("N P", "move"),
    ("Ctrl+Enter", "save"),
    ("Esc", "leave"),
    ("?", "keys"),
)


def review_page(title: str, language: str | None = None) -> str:
    """The page as HTML; `title` is plain text. `language`: of the page itself; None: as the browser wants."""
    words = PageWords(language)
    body = _head(words, title) + _item(words) + _footer(words) + _dialogs(words)
    scripts = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("texts.js", "review.js"))
    css = style((_FOLDER / "review.css").read_text(encoding="utf-8"))
    return page(title, body, css=css, scripts=scripts, served=True, words=words, part="review")


def _head(words: PageWords, title: str) -> str:
    said, label = words.said, words.label
    return f"""\
{words.tag("a", "review.skip", 'class="skip" href="#item"')}
<header>
<h1><bdi>{escaped(title)}</bdi></h1>
<form class="choices" onsubmit="return false" autocomplete="off">
<button type="button" class="plain" id="who" {label("review.another", attribute="title")}>…</button>
<label>{said("review.queue")} <select id="kind"></select></label>
<label>{said("review.split")} <select id="split"></select></label>
<label class="tick"><input type="checkbox" id="onwards" checked> {said("review.onwards")}</label>
<button type="button" class="plain" id="keys">{said("review.keys")}<kbd>?</kbd></button>
{words.switch()}
</form>
<p class="done"><progress id="bar" max="1" value="0" {label("review.bar")}></progress>
<span id="count"></span> <span class="quiet" id="place" dir="auto"></span></p>
</header>
"""


def _item(words: PageWords) -> str:
    said, label = words.said, words.label
    return f"""\
<main id="item" tabindex="-1" {label("review.item")}></main>
<section id="comments" {label("review.comments")} hidden>
<ul></ul>
{words.tag("label", "review.comment", 'for="comment"')}
<textarea id="comment" rows="2" dir="auto" placeholder=" "></textarea>
<p>{words.tag("button", "review.comment.save", 'type="button" class="plain" id="say"')}</p>
</section>
<details id="progress"><summary>{said("review.progress")}</summary><div></div></details>
"""


def _footer(words: PageWords) -> str:
    said, label = words.said, words.label
    return f"""\
<footer class="bar" {label("review.verdict")}>
<div class="verdicts">
<button type="button" id="better-0"><kbd class="lead">1</kbd>{said("review.better.0")}</button>
<button type="button" id="tie" class="plain"><kbd class="lead">0</kbd>{said("review.tie")}</button>
<button type="button" id="better-1"><kbd class="lead">2</kbd>{said("review.better.1")}</button>
</div>
<div class="ways">
<button type="button" class="plain" id="back"><kbd class="lead">P</kbd>{said("review.back")}</button>
<button type="button" class="plain" id="next"><kbd class="lead">N</kbd>{said("review.next")}</button>
</div>
<p id="told" role="status" aria-live="polite"></p>
</footer>
"""


def _dialogs(words: PageWords) -> str:
    tag, label, keys = words.tag, words.label, ""
    for names, what in _KEYS:
        boxes = " ".join(f"<kbd>{escaped(one)}</kbd>" for one in names.split())
        keys += f"<div><dt>{boxes}</dt>{tag('dd', f'review.key.{what}')}</div>"
    return f"""\
<dialog id="asks-name" aria-labelledby="asks-name-title"><form method="dialog">
{tag("h2", "review.who", 'id="asks-name-title"')}
{tag("p", "review.who.why")}
<p><input id="name" required maxlength="60" autocomplete="off" dir="auto" placeholder=" " {label("review.name")}>
{tag("button", "review.begin")}</p>
</form></dialog>
<dialog id="shows-keys" aria-labelledby="shows-keys-title"><form method="dialog">
{tag("h2", "review.keys", 'id="shows-keys-title"')}<dl class="keys">{keys}</dl><p>{tag("button", "review.close")}</p>
</form></dialog>
<dialog id="marks" aria-labelledby="marks-title"><form method="dialog">
{tag("h2", "review.mark", 'id="marks-title"')}
{tag("p", "review.mark.how", 'id="marks-how"')}
<textarea id="marks-text" rows="3" dir="auto" aria-describedby="marks-how" {label("review.mark.label")}></textarea>
<p class="choices"><label>{words.said("review.mark.category")} <select id="category"></select></label>
<label>{words.said("review.mark.severity")} <select id="severity"></select></label></p>
<p>{tag("button", "review.mark.it", 'type="button" id="marks-it"')}
{tag("button", "review.cancel", 'class="plain" value="cancel"')}
<span id="marks-told" role="status" class="bad"></span></p>
</form></dialog>
<noscript>{tag("p", "review.needs_scripts")}</noscript>"""
