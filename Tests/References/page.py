"""The pages that `runner report` wrote, opened in a headless Chromium: narrow and wide, light, dark and on paper.

Run by: make page   (needs chromium)
  or: python Tests/References/page.py FOLDER PAGE...
Writes pictures of every page into FOLDER. Fails if a page writes anything to the console, asks for anything but itself,
is wider than its window, runs a script, draws text that leaves its drawing or lies upon other text, or has text without
contrast.
"""
import base64
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = [390, 1440]
SCHEMES = ["light", "dark"]

# What is wrong with the drawings and texts of a page, as sentences.
FAULTS = """
(() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > window.innerWidth) faults.push(`the page is ${wide} pixels wide, its window ${window.innerWidth}`);
  if (document.scripts.length) faults.push("the page has a script");
  for (const svg of document.querySelectorAll("svg[role=img]")) {
    const name = svg.querySelector("title").textContent;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
    for (const [text, box] of texts)
      if (box.left < frame.left - 1 || box.right > frame.right + 1
          || box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        faults.push(`${name}: "${text}" leaves the drawing`);
    for (const [i, [one, a]] of texts.entries())
      for (const [other, b] of texts.slice(i + 1))
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
          faults.push(`${name}: "${one}" lies upon "${other}"`);
    for (const node of svg.querySelectorAll("g.node")) {
      const boxes = node.querySelectorAll("rect"), box = boxes[boxes.length - 1].getBoundingClientRect();
      for (const text of node.querySelectorAll("text"))
        if (text.getBoundingClientRect().right > box.right)
          faults.push(`${name}: "${text.textContent}" leaves its box`);
    }
  }
  const parts = color => {
    const numbers = color.match(/[0-9.]+/g).map(Number);
    const whole = color.startsWith("color(") ? 1 : 255;
    return [...numbers.slice(0, 3).map(n => n / whole), numbers.length > 3 ? numbers[3] : 1];
  };
  const light = c => c.slice(0, 3).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const seen = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), element = walk.currentNode.parentElement;
    if (!text || element.closest("title, desc, style")) continue;
    const style = getComputedStyle(element), isDrawn = element.closest("svg");
    let back = null;
    if (isDrawn) {
      const box = element.parentElement.querySelector("rect.box");
      if (box) back = parts(getComputedStyle(box).fill);
    }
    for (let other = element; other && !back; other = other.parentElement) {
      const own = parts(getComputedStyle(other).backgroundColor);
      if (own[3] > 0) back = own;
    }
    const [a, b] = [light(parts(isDrawn ? style.fill : style.color)), light(back || [1, 1, 1])];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const kind = `${element.tagName}.${element.getAttribute("class") || ""}`;
    if (contrast < 4.5 && !seen.has(kind)) {
      seen.add(kind);
      faults.push(`${kind} "${text.slice(0, 20)}" has a contrast of ${contrast.toFixed(2)}`);
    }
  }
  return faults;
})()
"""


class Browser:
    """A headless Chromium, spoken to through a pair of pipes."""

    def __init__(self, program, folder):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def take_pipes():
            # The browser reads from 3 and writes to 4.
            for place, pipe in ((13, to_browser), (14, from_browser), (3, 13), (4, 14)):
                os.dup2(pipe, place)

        arguments = [
            program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
            "--disable-component-update",
            f"--user-data-dir={folder}", "about:blank"]
        self.process = subprocess.Popen(
            arguments, preexec_fn=take_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.rest, self.events, self.numbers = b"", [], itertools.count(1)

    def message(self):
        while b"\0" not in self.rest:
            piece = os.read(self.read_end, 1 << 20)
            if not piece:
                sys.exit("chromium ended")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        request = {"id": number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        os.write(self.write_end, json.dumps(request).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def end(self):
        os.write(self.write_end, json.dumps({"id": next(self.numbers), "method": "Browser.close"}).encode() + b"\0")
        self.process.wait()


def complaints(events, address):
    """What a page wrote to the console, and what it asked for beside itself."""
    for event in events:
        method, facts = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled" or method == "Runtime.exceptionThrown":
            yield f"console: {json.dumps(facts)[:200]}"
        elif method == "Log.entryAdded":
            yield f"console: {facts['entry']['text']}"
        elif method == "Network.requestWillBeSent":
            asked = facts["request"]["url"]
            if asked != address and not asked.startswith("data:"):
                yield f"asks for {asked}"


def look(browser, page, folder, width, scheme, medium):
    """Opens a page, takes its picture, and says what is wrong with it."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        browser.call(f"{domain}.enable", session)
    browser.call(
        "Emulation.setDeviceMetricsOverride", session, width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
    browser.call(
        "Emulation.setEmulatedMedia", session, media=medium,
        features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events = []
    address = page.resolve().as_uri()
    browser.call("Page.navigate", session, url=address)
    browser.wait("Page.loadEventFired")
    if medium == "screen":
        browser.call(
            "Runtime.evaluate", session,
            expression="document.querySelectorAll('details').forEach(one => one.open = true)")
    faults = browser.call("Runtime.evaluate", session, expression=FAULTS, returnByValue=True)["result"].get("value")
    if faults is None:
        faults = ["the page could not be examined"]
    browser.call(
        "Runtime.evaluate", session,
        expression="document.querySelectorAll('details').forEach(one => one.open = false)")
    size = browser.call("Page.getLayoutMetrics", session)["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 16000), "scale": 1}
    picture = browser.call(
        "Page.captureScreenshot", session, format="png", captureBeyondViewport=True, clip=clip)["data"]
    name = f"{page.stem}-{width}-{scheme if medium == 'screen' else medium}.png"
    (folder / name).write_bytes(base64.b64decode(picture))
    faults = list(complaints(browser.events, address)) + faults
    browser.call("Target.closeTarget", targetId=target)
    print(f"{name}: {int(size['height'])} pixels high, {len(faults)} faults")
    for fault in faults[:20]:
        print(f"  {fault}")
    return len(faults)


def main():
    folder, pages = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        sys.exit("chromium is needed: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        views = [(width, scheme, "screen") for width in WIDTHS for scheme in SCHEMES] + [(800, "light", "print")]
        faults = sum(look(browser, page, folder, *view) for page in pages for view in views)
        browser.end()
    if faults:
        sys.exit(f"{faults} faults")
    print("every page is whole: nothing on the console, nothing asked for, nothing wider than its window")


if __name__ == "__main__":
    main()
