"""The review's page: what stands in it before its script has asked the server anything."""

from pathlib import Path

from hub.pages import escaped, page, style

_FOLDER = Path(__file__).parent
# What each key does, as the page's help shows it; `review.js` has them by the same letters.
_KEYS = (
    ("1", "the first is better"),
    ("2", "the second is better"),
    ("0", "equally good, or equally bad"),
    ("Q, W", "approve the first, the second"),
    (
        "A, S",
        "edit the first, the second: the message that has the focus, or else the first with a finding or a difference",
    ),
    ("Z, X", "mark an error in the first, the second"),
    ("C", "comment"),
    ("N, P", "next, previous"),
    ("Ctrl+Enter", "save what is being written"),
    ("Esc", "leave it"),
    ("?", "these keys"),
)


def review_page(title: str) -> str:
    """The page as HTML; `title` is plain text."""
    keys = "".join(f"<div><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>" for key, what in _KEYS)
    body = f"""\
<a class="skip" href="#item">To the translations</a>
<header>
<h1>{escaped(title)}</h1>
<form class="choices" onsubmit="return false" autocomplete="off">
<button type="button" class="plain" id="who" title="Another annotator">…</button>
<label>Queue <select id="kind"></select></label>
<label>Split <select id="split"></select></label>
<label class="tick"><input type="checkbox" id="onwards" checked> go on at once</label>
<button type="button" class="plain" id="keys">Keys<kbd>?</kbd></button>
</form>
<p class="done"><progress id="bar" max="1" value="0" aria-label="Done of this queue"></progress>
<span id="count"></span> <span class="quiet" id="place"></span></p>
</header>
<main id="item" tabindex="-1" aria-label="Source and translations"></main>
<section id="comments" aria-label="Comments" hidden>
<ul></ul>
<label for="comment">Comment</label>
<textarea id="comment" rows="2" dir="auto"></textarea>
<p><button type="button" class="plain" id="say">Save comment</button></p>
</section>
<details id="progress"><summary>Progress and agreement</summary><div></div></details>
<footer class="bar" aria-label="Verdict">
<div class="verdicts">
<button type="button" id="better-0"><kbd class="lead">1</kbd>First is better</button>
<button type="button" id="tie" class="plain"><kbd class="lead">0</kbd>Tie</button>
<button type="button" id="better-1"><kbd class="lead">2</kbd>Second is better</button>
</div>
<div class="ways">
<button type="button" class="plain" id="back"><kbd class="lead">P</kbd>Back</button>
<button type="button" class="plain" id="next"><kbd class="lead">N</kbd>Next</button>
</div>
<p id="told" role="status" aria-live="polite"></p>
</footer>
<dialog id="asks-name" aria-labelledby="asks-name-title"><form method="dialog">
<h2 id="asks-name-title">Who judges?</h2>
<p>Your name stands beside what you say. Whose a translation is, you see when you have judged it.</p>
<p><input id="name" required maxlength="60" autocomplete="off" aria-label="Your name"> <button>Begin</button></p>
</form></dialog>
<dialog id="shows-keys" aria-labelledby="shows-keys-title"><form method="dialog">
<h2 id="shows-keys-title">Keys</h2><dl class="keys">{keys}</dl><p><button>Close</button></p>
</form></dialog>
<dialog id="marks" aria-labelledby="marks-title"><form method="dialog">
<h2 id="marks-title">Mark an error</h2>
<p id="marks-how">Select the faulty words, by mouse or with Shift and the arrows. Typing changes nothing.</p>
<textarea id="marks-text" rows="8" dir="auto" aria-describedby="marks-how" aria-label="The translation"></textarea>
<p class="choices"><label>Category <select id="category"></select></label>
<label>Severity <select id="severity"></select></label></p>
<p><button type="button" id="marks-it">Mark</button> <button class="plain" value="cancel">Cancel</button>
<span id="marks-told" role="status" class="bad"></span></p>
</form></dialog>
<noscript><p>The review needs JavaScript.</p></noscript>"""
    scripts = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("texts.js", "review.js"))
    css = style((_FOLDER / "review.css").read_text(encoding="utf-8"))
    return page(f"{title}: review", body, css=css, scripts=scripts, served=True)
