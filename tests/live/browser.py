"""A real browser for a test: opens pages, fills in forms as a person does, takes pictures.

Every wait is bounded; when what it waits for does not come, its error says what the page showed and where a picture of it lies.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en")
LOOK_AGAIN_S = 0.3
RARELY = "const draw = window.requestAnimationFrame.bind(window); window.requestAnimationFrame = f => setTimeout(() => draw(f), 500);"
T = TypeVar("T")


class Browser:
    """One window of a browser that has never been used before. pictures: where pictures go; size in CSS pixels."""

    def __init__(self, browser: str, driver: str, profile: Path, pictures: Path, *, width: int = 1400, height: int = 1000) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in (*QUIET, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        self.pictures = pictures
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
        self.driver.set_page_load_timeout(60)

        self.size(width, height)
        self._rarely = ""

    def close(self) -> None:
        self.driver.quit()

    def size(self, width: int, height: int) -> None:
        """Of the page itself, in CSS pixels: what a picture shows."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def draw_rarely(self, rarely: bool) -> None:
        """Let the pages that are opened from now on draw their moving parts twice a second, or as often as they like.

        The timeline of a run's page moves all the time; without a graphics card that alone takes all of a processor.
        """
        if rarely and not self._rarely:
            self._rarely = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": RARELY})["identifier"]
        elif self._rarely and not rarely:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": self._rarely})
            self._rarely = ""

    def to_top(self) -> None:
        self.driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")

    def open(self, url: str) -> None:
        self.driver.get(url)

    def text(self) -> str:
        """What the page says, as a person reads it; what is written in its fields is left out."""
        return self.driver.execute_script("return document.body ? document.body.innerText : ''")

    def picture(self, name: str) -> Path:
        path = self.pictures / f"{name}.png"
        self.driver.save_screenshot(str(path))
        return path

    def until(self, what: str, look: Callable[[], T], limit_s: float = 30.0) -> T:
        """What `look` finds, looked for again and again. Raises AssertionError after `limit_s` seconds."""
        end = time.monotonic() + limit_s
        problem = ""
        while True:
            try:
                if found := look():
                    return found
            except (WebDriverException, IndexError) as broken:  # not there yet, or drawn anew in between
                problem = (getattr(broken, "msg", None) or type(broken).__name__).splitlines()[0]
            if time.monotonic() > end:
                break
            time.sleep(LOOK_AGAIN_S)
        page = self.text()
        raise AssertionError(f"within {limit_s:.0f} s the page did not come to this: {what} {problem}\n"
                             f"picture: {self.picture('missing')}\naddress: {self.driver.current_url}\n{page[:1500]}\n[...]\n{page[-1500:]}")

    def shows(self, words: str, limit_s: float = 30.0) -> None:
        """Wait until the page says these words."""
        self.until(f"shows “{words}”", lambda: words in self.text(), limit_s)

    def find(self, xpath: str) -> WebElement | None:
        """The first element that can be seen, or None."""
        return next((e for e in self.driver.find_elements(By.XPATH, xpath) if e.is_displayed()), None)

    def press(self, words: str, role: str = "button", *, within: str = "", exactly: bool = True) -> None:
        """Click what a person would call by these words: a button, a tab, an entry of a menu, a link."""
        tag = {"button": "(self::button or @role='button')", "link": "self::a"}.get(role, f"@role='{role}'")
        match = f"normalize-space(.)='{words}'" if exactly else f"contains(normalize-space(.), '{words}')"

        def click() -> bool:
            element = self.find(f"{within}//*[{tag}][{match}][not(@disabled)]")
            if element is None:
                return False
            self._bring_into_view(element)
            place = element.rect
            time.sleep(0.15)
            if element.rect != place:  # it still moves, and the click would miss
                return False
            element.click()
            return True

        self.until(f"has the {role} “{words}” to press", click)

    def turn_to(self, tab: str) -> None:
        """Open a tab of the page. A page that is still drawing itself turns back to the first, so it is looked at for a moment."""

        def chosen() -> bool:
            element = self.find(f"//*[@role='tab'][normalize-space(.)='{tab}']")
            return element is not None and element.get_attribute("aria-selected") == "true"

        def turned() -> bool:
            self.press(tab, "tab")
            time.sleep(1)
            return chosen()

        self.until(f"shows the tab “{tab}”", turned)

    # Forms, as the Prefect UI draws them: a label, and below it a set of fields

    def fill_in(self, label: str, words: str, *within: str) -> None:
        """within: the parts of the form that the field lies in, outermost first; of a list, its last item counts."""
        field = self._field(label, "(.//textarea|.//input)", *within)
        self._bring_into_view(field)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(words)
        self.until(f"“{label}” holds what was typed", lambda: field.get_attribute("value") == words)

    def choose(self, label: str, option: str, *within: str) -> None:
        button = self._field(label, ".//button[@aria-haspopup='listbox']", *within)
        self._bring_into_view(button)
        button.click()
        self.press(option, "option")
        self.until(f"“{label}” is {option}", lambda: self._field(label, ".//button[@aria-haspopup='listbox']", *within).text.strip() == option)

    def add(self, label: str, words: str = "", *within: str) -> None:
        """One more item of a list; without words, a part of the form that is still to be filled in."""
        button = self._field(label, "(.//button[normalize-space(.)='Add item'])[last()]", *within)
        self._bring_into_view(button)
        button.click()
        if words:
            field = self._field(label, "(.//textarea|.//input)[last()]", *within)
            field.send_keys(words)
            self.until(f"“{label}” holds what was typed", lambda: field.get_attribute("value") == words)

    def open_part(self, label: str, kind: str) -> None:
        """Say that an optional part of the form is to be filled in: beside “None” stands what it is."""
        button = self._field(label, f".//button[normalize-space(.)='{kind}']")
        self._bring_into_view(button)
        button.click()

    def _field(self, label: str, below: str, *within: str) -> WebElement:
        """What lies below the last field of that label, in the last part of the form of that name."""

        def look() -> WebElement:
            here: WebDriver | WebElement = self.driver
            for name in (*within, label):
                xpath = f".//label[normalize-space(.)='{name}' or normalize-space(.)='{name} (Optional)']/ancestor::div[./fieldset][1]/fieldset"
                found = here.find_elements(By.XPATH, xpath)
                here = found[-1] if within else found[0]
            return here.find_element(By.XPATH, below)

        return self.until(f"has the field “{' › '.join((*within, label))}”", look)

    def _bring_into_view(self, element: WebElement) -> None:
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
