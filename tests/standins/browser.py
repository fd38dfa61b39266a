"""A real Chromium that opens a page: Debian's `chromium` and `chromium-driver`, without a screen and a network."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What selenium waits for at most: a browser that does not start ends the test, and does not hang it.
PATIENCE_S = 120


@contextmanager
def chromium(*, width: int = 1600, height: int = 1000, dark: bool = False) -> Iterator[Any]:
    """A driver of a browser of this size. AssertionError, with what to install, where there is none that starts."""
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException

    browser, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    assert browser and driver, "no Chromium: apt-get install chromium chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    options.add_argument("--lang=en")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        window = webdriver.Chrome(options, webdriver.ChromeService(driver))
    except WebDriverException as error:
        raise AssertionError(f"Chromium does not start: {error}") from None
    try:
        window.set_page_load_timeout(PATIENCE_S)
        window.set_script_timeout(PATIENCE_S)
        # Narrower than a window may be, which a phone is.
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        yield window
    finally:
        window.quit()


def open_file(window: Any, path: Path) -> None:
    """Open a page from the disk and wait until its script is ready."""
    from selenium.webdriver.support.ui import WebDriverWait

    window.get(path.resolve().as_uri())
    WebDriverWait(window, PATIENCE_S).until(lambda w: w.execute_script("return document.body.dataset.ready"))


# What a page in Arabic says in Latin letters, other than names, code and texts of the data.
_LATIN = r"""
const OTHERS = "bdi, code, kbd, pre, .text, textarea, script, style, #language, #who, #place, h1, noscript, " +
  "option:not([data-word])";
const NAMED = /\u2068[^\u2069]*\u2069|LR|SCR|JavaScript/g;
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.data.replace(NAMED, "");
  if (/[a-z]{2}/i.test(text) && !walk.currentNode.parentElement.closest(OTHERS)) found.push(text);
}
for (const one of document.querySelectorAll("[aria-label], [placeholder], svg title")) {
  const said = (one.getAttribute("aria-label") || one.textContent).replace(NAMED, "");
  if (/[a-z]{2}/i.test(said)) found.push(said);
}
return found;
"""


def read_in_arabic(window: Any) -> None:
    """Change the page's language by its button, at the keyboard, and see that nothing of it is left in English."""
    from selenium.webdriver.common.keys import Keys

    window.find_element("id", "language").send_keys(Keys.ENTER)
    assert window.execute_script("const {lang, dir} = document.documentElement; return [lang, dir]") == ["ar", "rtl"]
    all_arabic(window)


def all_arabic(window: Any) -> None:
    left = window.execute_script(_LATIN)
    assert not left, left
