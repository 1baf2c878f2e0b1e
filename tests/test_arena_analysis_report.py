"""`mbench arena report` as a user types it: tables, JSON, pages; files and studies that are wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from click.testing import Result
from typer.testing import CliRunner

from arena_studies import QUESTIONS, make_study
from arena_votes import answers_of, arena_of, trained, vote_all
from browser import check_accessibility, chromium, file_url, page_of
from helpers import mbench, one_line_error
from leaderboard.analysis.analyse import analyse
from leaderboard.analysis.metrics import compared_runs, metric_agreement
from leaderboard.analysis.page import content, pages
from leaderboard.analysis.raters import Rule
from leaderboard.analysis.report import write_report
from leaderboard.analysis.simulate import World
from leaderboard.analysis.simulate_study import vote_on_study
from leaderboard.analysis.simulate_tables import Extras, RatingWorld, simulate_pairs, simulate_ratings
from leaderboard.analysis.source import Source, read_source
from leaderboard.analysis.votes import read_csv, table_of_rows
from leaderboard.arena.database import open_database
from leaderboard.arena.intake import import_votes
from leaderboard.arena.study import write_study
from leaderboard.arena.table import RATINGS
from leaderboard.cli.arena import app
from leaderboard.site.build import build_site
from leaderboard.site.page import Site
from leaderboard_runs import make_results
from mbench.errors import ConfigError

MODELS = ["choreographer", "sliding", "jittered", "static"]
STRENGTHS = dict(zip(MODELS, (1.2, 0.2, -0.4, -1.0), strict=True))
BAD = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
PAIR = "rater,prompt,model_a,model_b,winner\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """Results of four models on six prompts."""
    folder = tmp_path_factory.mktemp("runs")
    make_results(folder)
    return folder / "results"


@pytest.fixture(scope="module")
def study(tmp_path_factory, runs):
    """A study of these results, and simulated votes on it, in its database."""
    folder, made = make_study(tmp_path_factory.mktemp("study"), MODELS, 6, questions=QUESTIONS, votes=6, per_rater=24)
    ids = {path.parent.parent.name: path.parent.name for path in runs.glob("*/*/result.json")}
    prompts = {f"p{i:02d}": facts for i, facts in enumerate(made.prompts.values())}  # the suite's ids
    named = dict(zip(made.prompts, prompts, strict=True))
    made = replace(
        made,
        name="Study of tests",
        prompts=prompts,
        models={name: {**facts, "run_id": ids[name]} for name, facts in made.models.items()},
        clips={key: replace(clip, prompt=named[clip.prompt]) for key, clip in made.clips.items()},
        items=tuple(replace(item, prompt=named[item.prompt]) for item in made.items),
    )
    write_study(made, folder)
    table = vote_on_study(made, STRENGTHS, 9, 3)
    table.loc[table.index[3:6], "comment"] = BAD
    table.to_csv(folder / "votes.csv", index=False)
    database = open_database(made, folder)
    import_votes(made, database, folder / "votes.csv")
    database.close()
    return folder, made


def arena(*arguments: object) -> Result:
    """Run `mbench arena` in this process; errors are raised."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


# reading


def test_a_database_and_its_export_say_the_same(study):
    folder, _ = study
    by_database, by_file = read_source(folder), read_source(folder, folder / "votes.csv")
    one, other = analyse(by_database), analyse(by_file)
    for key in ("questions", "attention", "side", "excluded"):
        assert one[key] == other[key], key
    assert one["counts"]["counted"] == other["counts"]["counted"] > 300


def test_columns_that_may_be_left_out(tmp_path):
    table = read_csv(write(tmp_path / "v.csv", PAIR + "r,p,x,y,a\ns,p,y,x,both_bad\n"))
    assert table["kind"].tolist() == ["pair", "pair"]
    assert table["item"].nunique() == 1
    found = analyse(Source(None, table, "v"))
    assert found["questions"][0]["votes"] == 2
    assert found["times"]["median"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (PAIR, "no rows"),
        ("rater,prompt,winner\nr,p,a\n", "no column 'model_a'"),
        ("rater,prompt,model\nr,p,x\n", "no column 'model_a'"),
        (PAIR.replace("rater", "voter") + "r,p,x,y,a\n", "unknown column 'voter'"),
        (PAIR + "r,p,x,y,left\n", "line 2: winner is 'left'"),
        (PAIR + "r,p,x,y,a\n,p,x,y,a\n", "line 3: rater is empty"),
        (PAIR + "r,p,x,x,a\n", "both sides"),
        (PAIR + "r,p,x,y\n", "4 cells"),
        (PAIR + "r,p,x,y,a\nr,p,y,x,b\n", "line 3: rater 'r' answers again"),
        (PAIR[:-1] + ",kind\nr,p,x,y,a,rating\n", "kind is 'rating'"),
        (PAIR[:-1] + ",kind\nr,p,x,y,a,attention\n", "better is ''"),
        (PAIR[:-1] + ",better\nr,p,x,y,a,b\n", "better is 'b'"),
        (PAIR[:-1] + ",seconds\nr,p,x,y,a,-3\n", "seconds is '-3'"),
        (PAIR[:-1] + ",seconds\nr,p,x,y,a,nan\n", "seconds is 'nan'"),
        ("rater,prompt,model,value\nr,p,x,6\n", "value is '6'"),
        ("rater,prompt,model,value\nr,p,x,3.5\n", "value is '3.5'"),
    ],
)
def test_a_wrong_file_is_told_by_line(tmp_path, text, words):
    with pytest.raises(ConfigError, match=re.escape(words)):
        read_csv(write(tmp_path / "votes.csv", text))


def test_a_file_of_ratings_is_no_file_of_a_study_of_pairs(study, tmp_path):
    path = write(tmp_path / "r.csv", "rater,prompt,model,value\nr,p,x,3\n")
    with pytest.raises(ConfigError, match="holds votes on ratings"):
        read_source(study[0], path)


def test_skips_are_counted_by_their_last_reason(tmp_path):
    made = make_study(tmp_path / "s", 2, 4, attention=0, training=0)
    arena, _ = arena_of(made)
    rater = trained(arena)
    for reason in ("unsure", "unsure", "video"):
        arena.skip(rater, arena.next_task(rater).task.id, reason)
    shown = arena.next_task(rater).task
    arena.vote(rater, shown.id, answers_of(arena, shown))
    arena.database.close()
    source = read_source(made[0])
    assert source.skips == {"unsure": 2, "video": 1}
    assert len(source.table) == 1


# honesty


def test_nobody_has_voted(tmp_path):
    folder, _ = make_study(tmp_path / "s")
    assert "nobody has voted yet" in arena("report", folder, "--out", tmp_path / "site").output
    assert not (folder / "votes.sqlite").exists()  # looking makes nothing
    text = next((tmp_path / "site" / "human").glob("*.html")).read_text()
    assert "Nobody has voted yet" in text
    assert "Win ratio" not in text


def test_one_voter_gets_a_warning_and_no_interval(tmp_path):
    made = make_study(tmp_path / "s", attention=0, training=0)
    arena, _ = arena_of(made)
    vote_all(arena, trained(arena))
    arena.database.close()
    source = read_source(made[0])
    found = analyse(source)
    assert all(model["rating"]["low"] is None for model in found["questions"][0]["models"])
    text = write_report(source, found, tmp_path / "site").read_text()
    assert "1 rater" in text
    assert "there are no intervals" in text
    assert "nan" not in text.lower().replace("dominant", "")


def test_votes_of_excluded_raters_count_nowhere_but_in_the_counts():
    table = simulate_pairs(World((0.8, 0.0, -0.8)), list("abc"), 12, 9, 20, 2, Extras(4, 6, careless=2))
    found, clean = (analyse(Source(None, rows, "s")) for rows in (table, table[~table["rater"].isin(["r000", "r001"])]))
    assert found["excluded"] == ["r000", "r001"] or found["excluded"] == ["r001", "r000"]
    assert found["counts"]["of_excluded"] == 2 * (20 + 4 + 6)
    for key in ("questions", "side", "times"):
        assert found[key] == clean[key], key


def test_only_attention_checks_count_for_nothing(tmp_path):
    table = simulate_pairs(World((0.8, -0.8)), ["a", "b"], 4, 3, 4, 2, Extras(attention=2))
    source = Source(None, table[table["kind"] == "attention"], "checks")
    text = write_report(source, analyse(source), tmp_path).read_text()
    assert "No vote counts" in text


# metrics


def test_metrics_are_compared_with_the_votes_on_the_runs_that_were_seen(study, runs):
    folder, made = study
    found = analyse(read_source(folder), results=[runs])
    by_question = {question["question"]: question for question in found["metrics"]["questions"]}
    assert set(by_question) == {"overall", "text", "feet"}
    sliding = by_question["feet"]["metrics"]["quality/foot_sliding"]
    assert (sliding["dimension"], sliding["is_dimension"]) == ("foot_sliding", True)
    assert 0 <= sliding["accuracy"]["value"] <= 1
    assert set(sliding["win_ratios"]) == set(MODELS)
    people = {m["model"]: m["win_ratio"]["value"] for q in found["questions"] if q["id"] == "feet" for m in q["models"]}
    assert {m: r["human"] for m, r in sliding["win_ratios"].items()} == pytest.approx(people)
    assert sorted(compared_runs(made, [runs])) == sorted(path.parent for path in runs.glob("*/*/result.json"))


def test_other_runs_of_the_models_are_refused(study, runs, tmp_path):
    _, made = study
    other = replace(made, models={**made.models, "static": {**made.models["static"], "run_id": "0" * 12}})
    with pytest.raises(ConfigError, match="raters saw run 000000000000"):
        compared_runs(other, [runs])
    with pytest.raises(ConfigError, match="holds no run of the study's models"):
        compared_runs(made, [tmp_path])


def test_models_without_scores_are_named_and_left_out(runs):
    table = simulate_pairs(World((0.8, 0.0, -0.8)), ["choreographer", "static", "mine"], 6, 5, 15, 2)
    table["prompt"] = "p" + table["prompt"].str[-2:]
    found = metric_agreement([runs], table)
    assert found["unscored_models"] == ["mine"]
    both = table[(table["model_a"] != "mine") & (table["model_b"] != "mine")]
    assert found["questions"][0]["votes"] == len(both)
    with pytest.raises(ConfigError, match="no vote is on two models with scores"):
        metric_agreement([runs], table[(table["model_a"] == "mine") | (table["model_b"] == "mine")])


def test_ratings_become_preferences(tmp_path):
    cells = [("p1", "x", 5), ("p1", "y", 2), ("p2", "x", 3), ("p2", "y", 3), ("p3", "x", 1), ("p3", "y", 4)]
    table = pandas.DataFrame(cells, columns=["prompt", "model", "value"])
    table = table.assign(rater="r", question="q", item=table["prompt"] + table["model"], kind="rating")
    scores = "model,metric,prompt,value,better\n" + "".join(
        f"{m},good,{p},{v},higher\n" for p, m, v in [*cells[:4], ("p3", "x", 9), ("p3", "y", 1)]
    )
    found = metric_agreement([write(tmp_path / "s.csv", scores)], table)["questions"][0]
    assert found["votes"] == 3
    assert found["metrics"]["good"]["accuracy"]["value"] == 0.5  # p1 right, p3 wrong, p2 a tie
    assert found["metrics"]["good"]["dimension"] is None


# the command and the page


def test_the_command_prints_tables_and_writes_a_page(study, runs, tmp_path):
    folder, _ = study
    done = mbench("arena", "report", folder, "--results", runs, "--out", tmp_path / "site")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()
    assert first[0] == "Study of tests"
    assert any(line.startswith("choreographer") and " 1 " in line for line in first)
    assert "* quality/foot_sliding" in done.stdout
    page = Path(re.search(r"^page: (.+)$", done.stdout, re.M).group(1))
    text = page.read_text()
    assert BAD not in text
    assert "&lt;script&gt;alert(2)" in text
    assert len(text.encode()) < 300_000
    again = write_report(read_source(folder), analyse(read_source(folder)), tmp_path / "site")
    assert again == page  # the same study, the same page


def test_json_is_one_document_with_everything(study):
    found = json.loads(arena("report", study[0], "--json").stdout)
    assert found["schema"] == 1
    assert {"questions", "attention", "rule", "side", "times", "counts", "comments"} <= set(found)
    assert found["comments"][0]["comment"] == BAD


def test_the_rule_is_a_choice(study):
    source = read_source(study[0])
    strict = analyse(source, Rule(error=0.0, level=1.0))
    assert sorted(strict["excluded"]) == sorted(row["rater"] for row in strict["attention"] if row["failed"])
    assert analyse(source, Rule(level=0.0))["excluded"] == []
    assert strict["rule"] == {"error": 0.0, "level": 1.0, "fast": 2.0}
    with pytest.raises(ConfigError, match="level is 2; expected a probability, from 0 to 1"):
        Rule(level=2)


def test_wrong_commands_are_told_in_one_line(tmp_path):
    for arguments, words in (
        ([], "no votes are given"), ([tmp_path], "study.json"), (["--votes", tmp_path / "no.csv"], "can't be read"),
    ):  # fmt: skip
        with pytest.raises(ConfigError, match=words):
            arena("report", *arguments)
    write(tmp_path / "notes.txt", "mine")
    path = write(tmp_path / "v.csv", PAIR + "r,p,x,y,a\n")
    one_line_error(mbench("arena", "report", "--votes", path, "--out", tmp_path), "is not a site of ours")


def test_the_page_of_a_site_links_the_models(study, runs, tmp_path):
    built = build_site(runs, tmp_path / "site", videos=False, studies=[study[0]])
    path = next(page for page in built.pages if page.startswith("human/"))
    text = (tmp_path / "site" / path).read_text()
    assert re.search(r'href="\.\./models/choreographer-\w+\.html"', text)
    assert "Spearman" in text  # its results are those that raters saw
    assert f'href="{path}"' in (tmp_path / "site" / "index.html").read_text()
    assert build_site(runs, tmp_path / "site", videos=False, studies=[study[0]]).made == 0
    report = write_report(read_source(study[0]), analyse(read_source(study[0])), tmp_path / "site")
    assert report == tmp_path / "site" / path
    assert (tmp_path / "site" / "index.html").exists()  # other pages stay


def test_two_studies_get_a_list(study, tmp_path):
    other, _ = make_study(tmp_path / "other", name="Another <b>study</b>")
    site = Site(entries=(), boards=(), studies=[study[0], other])
    made = {page.path: page for page in pages(site)}
    assert len(made) == 3
    text = made["human/index.html"].make()
    assert "Another &lt;b&gt;study&lt;/b&gt;" in text
    assert [page.link for page in made.values()] == ["Human evaluation", "", ""]


def test_a_new_vote_changes_what_decides_the_page(study):
    site = Site(entries=(), boards=(), studies=[study[0]])
    before, again = (next(iter(pages(site))).inputs for _ in range(2))
    assert before == again
    folder, made = study
    rows = read_source(folder).table
    assert content(Source(made, rows[:-1], "s"), analyse(Source(made, rows[:-1], "s")), {}) != content(
        Source(made, rows, "s"), analyse(Source(made, rows, "s")), {}
    )


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_pages_in_a_browser(study, runs, tmp_path, theme, width):
    """No request leaves, no script of a rater runs, nothing is wider than the screen, nothing serious for axe-core."""
    named = f"Ratings {BAD}"
    ratings = Source(None, simulate_ratings(RatingWorld((1.0, -1.0)), ["a", BAD], 8, 6, 12, 1), named)
    pairs = read_source(study[0])
    written = [write_report(s, analyse(s, results=r), tmp_path / "site") for s, r in ((ratings, []), (pairs, [runs]))]
    with chromium() as browser, page_of(
        browser, viewport={"width": width, "height": 900}, color_scheme=theme
    ) as page:  # fmt: skip
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for path in written:
            page.goto(file_url(path))
            for summary in page.locator("details > summary").all():
                summary.click()
            check_accessibility(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.get_by_role("link", name="Human evaluation").click()  # its navigation leads to pages that are there
            page.get_by_role("heading", level=1).wait_for()


def test_an_empty_table_has_the_columns():
    assert list(table_of_rows([], "ratings").columns) == list(RATINGS)
