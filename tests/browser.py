"""A headless Chromium for tests and screenshots, driven through its WebDriver."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

# What a browser of a test needs: no display, no sandbox for root, and nothing asked of a network.
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
_NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = 500  # narrower windows are those of phones
_PATIENCE = 60  # seconds


def _program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    assert found, f"{names[0]} is needed in the PATH: `make browser` installs it"
    return found


class Browser:
    """A browser with a profile of its own, and what it says about the pages that it opens."""

    def __init__(self, profile: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = _program(*_NAMES)
        for option in (*_OPTIONS, f"--user-data-dir={profile}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(_program("chromedriver")))

    def open(self, page: str | Path, *, width: int, dark: bool = False, height: int = 900) -> None:
        """Open a file or an address in a window so wide; below `PHONE` as a phone does."""
        self.requests(), self.messages()  # those of the page before
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)

    def run(self, script: str, *arguments: object) -> Any:
        """Return what JavaScript in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until it is true."""
        WebDriverWait(self.driver, _PATIENCE).until(lambda _: condition())

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last question."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def messages(self) -> list[str]:
        """Return what the console said since the last question."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self, path: Path, *, top: int = 0, height: int, width: int) -> None:
        """Write a part of the page as a PNG, wherever it is scrolled to."""
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
        options = {"clip": clip, "captureBeyondViewport": True}
        found = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """Give a browser, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        found = Browser(profile)
        try:
            yield found
        finally:
            found.driver.quit()
