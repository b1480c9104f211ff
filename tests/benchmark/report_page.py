"""Provenance of a report, and a reader of its page."""

from html.parser import HTMLParser

from lidnet_mm.benchmark import Provenance

VOID = {"meta", "img", "br", "hr", "link", "input"}
PROVENANCE = Provenance(
    configs={"judge": "judge_sts", "LIDnet": "lidnet_cpce_sts"},
    commit="0123456789ab",
    date="2025-01-31",
    machine="x86_64, 2 CPU cores, no GPU",
    versions={"torch": "2.13.0", "mmdet": "3.5.1"},
    window_hu=(-160, 240),
    dose="simulated, 60 HU noise",
    texture="PyRadiomics 3.0.1",
    judges={"judge_sts": "5ad1f0"},
    low_dose=("geometry fan, noise_hu 60",),
)


class Page(HTMLParser):
    """Elements, text and balance of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.tags, self.links, self.texts = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[key] for key in ("src", "href", "xlink:href") if key in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)
