import base64
import html
import json
import re
from html.parser import HTMLParser

import pytest

from analysis.differences import DIFFERENCES
from brianmem import schemas, tables
from figures import report, sources
from figures.__main__ import FIGURES
from tests.analysis.folder import (
    CAPACITY,
    ERROR,
    MAIN,
    TIMINGS,
    provenance,
    write,
    write_tasks,
)
from tests.analysis.rows import lowrank

SCRIPT = "<script>alert('1')</script>"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """The tags and attributes of a page; tags that do not match raise."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def picture(name):
    return report.PNG + name.encode()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    for name in FIGURES:
        (folder / f"{name}.png").write_bytes(picture(name))
    return folder


@pytest.fixture(scope="module")
def page(folder, boundary, rasters, pictures):
    """The page of all tables that the folder has, as if there were no others."""
    with pytest.MonkeyPatch.context() as patch:
        known = MAIN | boundary | rasters
        patch.setattr(sources, "RAW", {schema.name: schema for schema in known})
        return report.report(folder, pictures, folder.parent)


@pytest.fixture
def small(tmp_path):
    """A folder with one table."""
    folder = tables.make_folder(tmp_path / "tables")
    write(folder, {schemas.LOWRANK_CAPACITY: MAIN[schemas.LOWRANK_CAPACITY]})
    return folder


def words(page):
    """The page's text, without tags and with single blanks."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def row_of(page, quantity):
    """The cells of the row of a quantity in the comparison."""
    part = page[page.index('<section id="comparison"') : page.index('<section id="figures"')]
    [row] = [r for r in re.findall(r"<tr.*?</tr>", part, re.DOTALL) if f">{quantity}<" in r]
    return [words(cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]


def test_the_page_is_whole_and_loads_nothing(page):
    parsed = Page(page)
    assert not {"script", "link", "iframe", "object", "embed", "video"} & set(parsed.tags)
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("#", "data:image/png;base64,"))
    assert "@import" not in page and "url(" not in page
    assert not re.search(r"https?://", page)


def test_every_link_has_its_place(page):
    attributes = Page(page).attributes
    places = {value for name, value in attributes if name == "id"}
    links = {value.removeprefix("#") for name, value in attributes if name == "href"}
    assert links and links <= places
    assert set(FIGURES) <= links


def test_every_figure_with_its_caption_numbers_and_commands(page, folder, pictures):
    text = words(page)
    for name, module in FIGURES.items():
        assert base64.b64encode(picture(name)).decode() in page
        assert module.CAPTION in text and module.TITLE in text
        assert f"python -m figures {name} --tables {folder} --out {pictures}" in text
        assert f"python -m protocols.{module.PROTOCOL} \\ --grid smoke \\" in text
        for table in module.numbers(folder):
            assert f"<code>{table}</code>" in page


def test_the_blocks_of_a_grid(tmp_path, pictures):
    """Values that were set are part of the command; those of each block are listed."""
    blocks = [{"n_neurons": [100, 200], "gamma": [None]}, {"n_neurons": [400], "gamma": [1.2]}]
    changes = {"blocks": blocks, "settings": ["kappa=1,2"], "seed": 7}
    write(tmp_path, {schemas.DELAY_SCAN: MAIN[schemas.DELAY_SCAN]}, **changes)
    page = report.report(tmp_path, pictures, tmp_path)
    assert "n_neurons 100, 200 gamma auto n_neurons 400 gamma 1.2" in words(page)
    assert "python -m protocols.delay.scan \\ --grid smoke \\ --set kappa=1,2 \\ --seed 7 \\" in (
        words(page)
    )


def test_the_papers_number_the_one_here_and_the_difference(page):
    assert row_of(page, "hebbian: networks that recall all patterns") == [
        "hebbian: networks that recall all patterns",
        "none (of one) N = 20, p = 4; weights of the rule; read off Fig. 3 of arXiv 2411.17485",
        "0 of 3",
        *("0 [0, 0.561]", "0 [0, +0.561]", "3"),
    ]
    _, paper, here, value, difference, n = row_of(
        page, "capacity, pseudo_inverse, N = 100: load at which half are recalled"
    )
    source = "N = 400, 800 and 1600; weights of the rule; Sec. 3.2 of arXiv 2411.17485"
    assert (paper, here) == (f"about 0.3 {source}", "above 0.4, the highest tried")
    assert (value, difference, n) == ("at least 0.4", "at least +0.1", "3")


def test_what_could_not_be_reproduced(page, folder):
    text = words(page)
    for one in DIFFERENCES:
        assert one.title in text and one.why in text
        for name in one.measure(folder) or ():
            assert name in text


def test_where_the_tables_come_from(page):
    text = words(page)
    for part in ("0123456789", "brian2 2.9.0", "g++ 12", "Linux", "dv/dt = -v/tau : 1"):
        assert part in text
    assert "absent" not in text
    for schema in MAIN:
        assert f"<code>{schema.name}</code>" in page


def test_long_tables_are_shortened_with_a_note(tmp_path, pictures):
    many = [{"n_patterns": p, "network_seed": 0} for p in range(1, 50)]
    folder = tables.make_folder(tmp_path / "t")
    write(folder, {schemas.LOWRANK_CAPACITY: lowrank(many)})
    page = report.report(folder, pictures, tmp_path)
    note = "The first 40 of 49 rows; all are computed from t/lowrank_capacity.csv"
    assert note in words(page)


def test_text_from_tables_and_sidecars_is_escaped(tmp_path, pictures):
    bad = [row | {"rule": SCRIPT} for row in CAPACITY[:40]]
    write(tmp_path, {schemas.LOWRANK_CAPACITY: lowrank(bad)}, git_commit=SCRIPT, platform=SCRIPT)
    errors = tables.from_rows(schemas.ERRORS, [ERROR | {"message": SCRIPT, "traceback": SCRIPT}])
    tables.write(errors, schemas.ERRORS, tmp_path, provenance(schemas.ERRORS))
    page = report.report(tmp_path, pictures, tmp_path)
    assert SCRIPT not in page and html.escape(SCRIPT, quote=True).replace("&#x27;", "&#39;") in page
    Page(page)


def test_failed_tasks_and_incomplete_tables_are_shown_in_a_box(tmp_path, pictures):
    write_tasks(tmp_path)
    whole = {schemas.LOWRANK_CAPACITY: MAIN[schemas.LOWRANK_CAPACITY]}
    write(tmp_path, whole, failed_tasks=1)
    page = report.report(tmp_path, pictures, tmp_path)
    box = words(page[page.index('class="warning"') : page.index("<nav")])
    assert "1 task failed" in box
    assert "lowrank_capacity is incomplete : 1 of 2 tasks failed" in box
    text = words(page)
    assert "lowrank.capacity, task 1: ValueError: no luck" in text
    assert "line 1" in text and "--retry-failed" in text


def test_times_by_protocol(small, pictures):
    write_tasks(small)
    page = report.report(small, pictures, small)
    times = page[page.index('<section id="times"') :]
    # The row of the protocol and that of all are alike.
    assert "tasks 2, failed 1, CPU seconds 120, in words 2 min 0 s" in words(times)
    assert "of 2 in this machine" in words(times)


def test_times_of_the_papers_figure_are_told_apart(tmp_path):
    """Tasks of its rules and sizes at one rate, of both protocols; others have a line alone."""
    fig_4 = {"n_neurons": 800, "correlation": 0.0, "rule": "optimised", "kappa": 2.0}
    tasks = [
        ("lowrank.capacity", fig_4),
        ("lowrank.completion", fig_4 | {"kappa": 3.0, "n_neurons": 1600}),
        ("lowrank.capacity", fig_4 | {"kappa": 5.0}),
        ("lowrank.capacity", fig_4 | {"n_neurons": 6400}),
        ("lowrank.capacity", fig_4 | {"correlation": 0.4}),
        ("lowrank.completion", fig_4 | {"rule": "extended"}),
        ("lowrank.prediction", fig_4),
    ]
    rows = [
        TIMINGS[0] | {"protocol": name, "configuration": json.dumps(task), "seconds": 2.0**k}
        for k, (name, task) in enumerate(tasks)
    ]
    table = tables.from_rows(schemas.TIMINGS, rows)
    tables.write(table, schemas.TIMINGS, tmp_path, {})
    seconds = sources.times(tmp_path).set_index("protocol")["CPU seconds"].to_dict()
    assert seconds == {
        "lowrank.capacity": 1 + 4 + 8 + 16,
        "lowrank.completion": 2 + 32,
        "lowrank.prediction": 64,
        sources.FIG_4: 1 + 2,
        "all": 127,
    }


def test_no_box_without_trouble(page):
    assert 'class="warning"' not in page


def test_missing_pieces_are_named(tmp_path):
    write(tmp_path, {schemas.DELAY_SCAN: MAIN[schemas.DELAY_SCAN]})
    (tmp_path / "delay_scan.json").write_text("{")
    (tmp_path / "lowrank_clock.png").write_text("not a picture")
    page = report.report(tmp_path, tmp_path, tmp_path)
    box = words(page[page.index('class="warning"') : page.index("<nav")])
    assert "Missing tables: lowrank_recall , " in box and "delay_recall" in box
    assert "Missing figures: " in box and "delay_scan ." in box
    assert "without a sidecar that can be read: delay_scan" in box
    text = words(page)
    assert f"{tmp_path / 'delay_scan.png'} is missing: draw it first" in text
    assert f"{tmp_path / 'lowrank_clock.png'} is no PNG" in text
    assert f"{tmp_path / 'lowrank_recall.csv'} is missing: run its protocol first" in text
    assert "The folder has no timings.csv" in text
    assert "delay_scan.json is no JSON" in text
    Page(page)


def test_a_table_that_cannot_be_used_is_named_and_the_rest_is_there(tmp_path, pictures):
    write(tmp_path)
    (tmp_path / "lowrank_capacity.csv").write_text("a,b\n1,2\n")
    text = words(report.report(tmp_path, pictures, tmp_path))
    assert "lowrank_capacity.csv is not the table that its sidecar was written with" in text
    assert "f1_scan" in text


def test_nothing_at_all_ends_with_one_sentence(tmp_path, capsys):
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert report.main(["--tables", str(folder), "--out", str(tmp_path / "r.html")]) == 2
        assert f"{folder} has no table of a protocol" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_same_input_gives_the_same_file(small, pictures, tmp_path, capsys):
    paths = [tmp_path / name / "report.html" for name in ("one", "other")]
    for path in paths:
        options = ["--tables", str(small), "--figures", str(pictures), "--out", str(path)]
        assert report.main(options) == 0
        assert capsys.readouterr().out == f"{path}\n"
        assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.slow
def test_the_same_input_gives_the_same_page(page, folder, boundary, rasters, pictures, monkeypatch):
    known = MAIN | boundary | rasters
    monkeypatch.setattr(sources, "RAW", {schema.name: schema for schema in known})
    assert report.report(folder, pictures, folder.parent) == page


def test_a_report_that_cannot_be_written(small, pictures, tmp_path, capsys):
    out = tmp_path / "report.html"
    out.mkdir()
    options = ["--tables", str(small), "--figures", str(pictures), "--out", str(out)]
    assert report.main(options) == 2
    assert "cannot write" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [out, small]


def test_commands_make_the_table_again():
    sidecar = provenance(schemas.LOWRANK_DIGITS)
    sidecar |= {"grid": "paper", "settings": ["rule=a b"], "seed": 3}
    sidecar["options"] = {"digits": "my file", "x": None}
    sidecar["equations"] = {"source": "adaptation.toml"}
    found = sources.command(sidecar, "out").replace(" \\\n ", "")
    assert found == (
        "python -m protocols.lowrank.digits --grid paper --set 'rule=a b' --seed 3 "
        "--digits 'my file' --equations adaptation.toml --backend cython --out out"
    )
    assert sources.command({"analysis": "analysis.capacity"}, "out") is None


@pytest.mark.parametrize("status", [0, 2, 130])
def test_figures_and_results_are_made_first(status, tmp_path, monkeypatch, capsys):
    """Where results fail, or are interrupted, the last report stays, and is older than tables."""
    write(tmp_path, {schemas.DELAY_SCAN: MAIN[schemas.DELAY_SCAN]})
    calls = []
    monkeypatch.setattr(report, "FIGURES", {"delay_scan": FIGURES["delay_scan"]})
    monkeypatch.setattr(report, "results", lambda arguments: calls.append(arguments) or status)
    page = tmp_path / "page.html"
    folders = ["--tables", tmp_path, "--figures", tmp_path / "drawn", "--out", page]
    assert report.main(["--fresh", *map(str, folders)]) == status
    assert calls == [["all", "--tables", str(tmp_path)]]
    picture = (tmp_path / "drawn" / "delay_scan.png").read_bytes()
    assert page.exists() == (status == 0)
    if page.exists():
        assert base64.b64encode(picture).decode() in page.read_text()
    assert "Figures:" in capsys.readouterr().out
