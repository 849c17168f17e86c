"""profile report in a real browser: the page is whole, loads nothing, runs nothing, fits and can be read; profile diff in words."""

import json
import pytest

from harness.browser import Browser, find_chromium

pytestmark = pytest.mark.native

HOSTILE = ["</script><script>document.title='owned'</script>", "<img src=x onerror=\"document.title='owned'\">",
           "\"><svg onload=\"document.title='owned'\">", "'><a href='javascript:document.title=1'>x</a>",
           "\u202etxt.exe\u2066", "\u200b\u0085\ufeff", "&lt;b&gt;", "\x7f", "-->", "]]>", "</style><style>*{display:none}"]  # fmt: skip

# Texts with less contrast to what is behind them than WCAG 2.1 asks for (1.4.3), and what is wider than the window.
CONTRAST = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = parts(colour).map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const back = getComputedStyle(element).backgroundColor;
      if ((parts(back)[3] ?? 1) > 0) return back;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  const path = (element) => element === document.body ? '' : `${path(element.parentElement)} ${element.tagName}.${element.getAttribute('class')}`;
  const known = new Set();
  const bad = [];
  for (const element of document.body.querySelectorAll('*')) {
    const has_text = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const place = path(element);
    if (!has_text || element.matches('title, desc') || known.has(place)) continue;
    known.add(place);
    const style = getComputedStyle(element);
    const front = light(element.matches('svg text') ? style.fill : style.color);
    const back = light(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) bad.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
  }
  return {looked: known.size, bad};
})()"""
WIDE = """(() => {
  document.querySelectorAll('details').forEach((d) => { d.open = true; });
  const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5);
  return [document.documentElement.scrollWidth - innerWidth, wide.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
})()"""
FORM = """(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const headings = all('h1, h2, h3').map((h) => Number(h.tagName[1]));
  const ids = all('[id]').map((e) => e.id);
  return {
    headings, one_head: all('h1').length, sections: all('main > section').map((s) => s.id),
    tables_without_heads: all('table').filter((t) => !t.caption || !t.querySelector('thead th[scope=col]')).length,
    pictures_without_words: all('svg').filter((s) => !s.getAttribute('aria-label') && !s.querySelector('desc')).length,
    same_ids: ids.length - new Set(ids).size,
    dead_links: all('a').filter((a) => !a.hash || !document.getElementById(a.hash.slice(1))).map((a) => a.outerHTML),
    active: all('script, iframe, object, embed, form, img, link, base, [onload], [onclick], [onerror], [style]').length,
    language: document.documentElement.lang,
  };
})()"""


@pytest.fixture(autouse=True)
def only_redoubt(runtime):
    runtime.only_redoubt("reports of profiles")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if not find_chromium():
        pytest.skip("lacks chromium")
    started = Browser(tmp_path_factory.mktemp("chromium"))
    yield started
    started.close()


def large_profile(path):
    """Some thousand paths, as a build farm or a desktop in a container has them, and something of each other kind."""
    def paths(*names):
        return [{"paths": list(names), "reason": "seen in the tests of the image"}]

    files = {"read": paths(*(f"/usr/lib/python3/dist-packages/p{n // 40}/module_{n}.py" for n in range(2000)), "/etc/shadow", "/usr/share", "/run/secrets"),
             "write": paths("/etc/cron.d", "/dev/null", *(f"/var/lib/app/shard-{n:03}/data" for n in range(400))),
             "execute": paths("/bin/sh", "/tmp/build", *(f"/usr/bin/tool-{n}" for n in range(250)))}  # fmt: skip
    connect = [{"address": f"10.20.{n}.0/24", "ports": ["443", "8443"], "protocol": "tcp", "reason": "shards of the database"} for n in range(40)]
    connect += [{"address": "any", "ports": ["443"], "protocol": "tcp", "reason": "package mirrors"},
                {"address": "2001:db8:aaaa:bbbb:cccc:dddd:eeee:0/112", "ports": ["1-65535"], "protocol": "udp", "reason": "the mesh"}]  # fmt: skip
    document = {"apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "large", "description": "All that a large service does.",
                "extends": ["default"],
                "capabilities": {"allow": [{"names": ["CAP_CHOWN", "CAP_NET_RAW", "CAP_SYS_ADMIN"], "reason": "it builds images"}]},
                "files": files,
                "network": {"connect": connect, "bind": [{"address": "any", "ports": ["80", "443"], "reason": "it serves"}]}}  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def hostile_recording(path):
    """What a workload that hates its reader, or a colleague's editor, puts into a recording."""
    files = [{"path": f"/srv/{name}", "access": "rwx", "phase": "both", "runs": 1} for name in HOSTILE if "\x7f" not in name]
    files += [{"path": "/" + "x" * 1000, "access": "r", "phase": "start", "runs": 1}]
    files += [{"path": f"/data/{n % 97}/{n}", "access": "rw", "phase": "steady", "runs": 1} for n in range(100000)]
    document = {"apiVersion": "redoubt.io/v1", "kind": "Recording", "complete": False, "lost": HOSTILE, "notSeen": HOSTILE,
                "runs": [{"command": HOSTILE, "kernel": HOSTILE[0], "image": HOSTILE[1], "started": HOSTILE[2]}], "files": files}  # fmt: skip
    path.write_text(json.dumps(document))
    return path


def make(runtime, page, *words):
    runtime.ok("profile", "report", "--output", page, *words)
    return page.as_uri()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where the large pages lie, once for all tests."""
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(params=["profile", "difference", "recording"])
def page(request, runtime, made):
    """A large page of each kind."""
    file, large = made / f"{request.param}.html", made / "large.json"
    if not file.exists():
        large_profile(large)
        words = {"profile": [large], "difference": ["restricted", large], "recording": [made / "hostile.json"]}[request.param]
        if request.param == "recording":
            hostile_recording(words[0])
        make(runtime, file, *words)
    return file.as_uri()


def test_the_page_can_be_read_anywhere(browser, page):
    """A phone in the dark and a desk in the light: nothing is requested, nothing is said, nothing sticks out, all can be told from what is behind it."""
    for width, dark in [(1280, False), (360, True)]:
        browser.open(page, width=width, dark=dark)
        assert browser.requests == [page] and browser.said == []
        contrast = browser.ask(CONTRAST)
        assert contrast["looked"] > 30 and contrast["bad"] == [], (width, dark)
        assert browser.ask(WIDE) == [0, []], (width, dark)


def test_the_page_is_well_formed(browser, page):
    browser.open(page)
    form = browser.ask(FORM)
    assert form["one_head"] == 1 and form["headings"][0] == 1 and form["language"] == "en"
    assert all(deeper - higher <= 1 for higher, deeper in zip(form["headings"], form["headings"][1:]))
    assert form["sections"][0] == "risks" and {"files", "network", "capabilities", "syscalls", "kernel", "rules"} <= set(form["sections"])
    assert form["tables_without_heads"] == form["pictures_without_words"] == form["same_ids"] == form["active"] == 0
    assert form["dead_links"] == []


@pytest.mark.parametrize("page", ["recording"], indirect=True)
def test_hostile_names_stay_text(browser, page, made):
    assert (made / "recording.html").stat().st_size < 3 << 20
    browser.open(page)
    assert browser.requests == [page] and browser.said == []
    assert browser.ask("document.title").endswith("profile report")
    shown = browser.ask("document.body.textContent")
    assert HOSTILE[0] in shown and "\\u202etxt.exe\\u2066" in shown and not set("\u202e\u2066\u200b\ufeff\x7f") & set(shown)


def test_markup_that_got_in_all_the_same_would_be_inert(runtime, browser, tmp_path):
    """The second line: with the escaping undone by hand, the page's own policy stops scripts, images and addresses of elsewhere."""
    make(runtime, tmp_path / "page.html", "restricted")
    text = (tmp_path / "page.html").read_text()
    evil = "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x' onerror=\"document.title='owned'\"><iframe src='http://127.0.0.1:9/'></iframe>"
    (tmp_path / "evil.html").write_text(text.replace("<main>", f"<main>{evil}", 1))
    browser.open((tmp_path / "evil.html").as_uri())
    assert browser.ask("document.title") == "restricted – profile report"
    assert len(browser.said) >= 3 and all("Content Security Policy" in line for line in browser.said), browser.said


@pytest.mark.parametrize("page", ["profile"], indirect=True)
def test_a_tree_opens_without_scripts(browser, page):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
        assert browser.requests == [page] and browser.said == []
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    tree = "document.querySelector('.tree details details')"
    assert browser.ask(f"{tree}.open") is False
    browser.ask(f"{tree}.querySelector('summary').click()")
    assert browser.ask(f"{tree}.open") is True


def test_the_report_says_what_the_recording_is_worth(runtime, tmp_path):
    document = {"apiVersion": "redoubt.io/v1", "kind": "Recording", "complete": True, "lost": [],
                "runs": [{"command": ["/bin/httpd", "-f"], "kernel": "6.12", "started": "2026-01-02T03:04:05Z", "seconds": 7}],
                "syscalls": [{"name": "bpf", "phase": "start", "runs": 1}], "bind": [{"endpoint": "tcp 0.0.0.0 0", "phase": "start", "runs": 1}]}  # fmt: skip
    (tmp_path / "r.json").write_text(json.dumps(document))
    text = runtime.ok("profile", "report", tmp_path / "r.json").out
    for words in ("complete", "/bin/httpd -f", "6.12", "kernel-bpf", "any that is free", "seen at start, in 1 of 1 runs"):
        assert words in text, words
    runtime.fails("profile", "report", tmp_path / "none.json", match="none.json: no such file or directory")
    runtime.fails("profile", "report", "default", "restricted", "jit", match="wrong number of arguments")


def test_diff_tells_what_it_adds_with_its_risks(runtime, tmp_path):
    def profile(name, path, address):
        (tmp_path / name).write_text(json.dumps({
            "apiVersion": "redoubt.io/v1", "kind": "Profile", "name": "p", "files": {"write": [{"paths": [path], "reason": "r"}]},
            "network": {"connect": [{"address": address, "ports": ["443"], "protocol": "tcp", "reason": "r"}]}}))  # fmt: skip
        return tmp_path / name

    before, after = profile("a.json", "/var/cache", "10.0.0.0/8"), profile("b.json", "/etc", "0.0.0.0/0")
    result = runtime("profile", "diff", before, after)
    assert result.code == 1
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert any(line.startswith("~ files.write") for line in lines) and any(line.startswith("+ network.connect") for line in lines)
    assert any(line.startswith("adds high write-configuration write /etc: ") for line in lines), result.out
    assert any(line.startswith("adds medium egress-anybody egress 0.0.0.0/0:443/tcp: ") for line in lines), result.out
    assert "removes - - write /var/cache" in lines, result.out
    rows = {row["field"]: row for row in json.loads(runtime("profile", "diff", "--format", "json", before, after).out)}
    assert rows["files.write"]["adds"] == ["write /etc"] and rows["files.write"]["removes"] == ["write /var/cache"]
    assert [(risk["risk"], risk["severity"]) for risk in rows["files.write"]["risks"]] == [("write-configuration", "high")]
    assert rows["network.connect"]["change"] == "wider" and rows["network.connect"]["removes"] == []
    tighter = runtime("profile", "diff", after, before)
    assert "adds high" not in tighter.out and "removes  high" in tighter.out
