"""The numbers that papers report: as in the reference material, checked when read, and never of the wrong direction."""

from __future__ import annotations

import re

import pytest
import yaml

from leaderboard.published import BUILTIN, load_published
from mbench.errors import ConfigError
from mbench.metrics.base import METRICS

TABLES = {table.id: table for table in load_published()}


def as_rows(table):
    return {row.name: [row.values[column.key] for column in table.columns] for row in table.rows}


def test_models_as_in_the_reference_material(shared):
    text = (shared / "reference" / "results.md").read_text()
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    head, _, *rows = lines
    assert head[1:] == [
        "MCC", "MG", "Jitter", "Dynamic", "FootFloating", "FootSliding", "BodyPenetration", "PoseQuality",
    ]  # fmt: skip
    assert [column.metric.split("/")[1] for column in TABLES["models"].columns] == [
        "motion_condition_consistency", "motion_generalizability", "jitter_degree", "dynamic_degree", "foot_floating",
        "foot_sliding", "body_penetration", "pose_quality",
    ]  # fmt: skip
    assert as_rows(TABLES["models"]) == {row[0]: list(map(float, row[1:])) for row in rows}


@pytest.mark.parametrize(
    ("table", "begins"),
    [("branches", "Branch selection"), ("training-data", "Training data"), ("humanml3d", "HumanML3D test")],
)
def test_other_tables_as_in_the_reference_material(shared, table, begins):
    text = (shared / "reference" / "results.md").read_text()
    paragraph = " ".join(next(p for p in text.split("\n\n") if p.startswith(begins)).split())
    numbers = [list(map(float, re.findall(r"\d+\.\d+", found))) for found in re.findall(r"\d[\d. /]+\d", paragraph)]
    told = [row for row in numbers if len(row) == len(TABLES[table].columns)]
    assert list(as_rows(TABLES[table]).values()) == told


def test_doubts_are_where_the_source_looks_wrong():
    table = TABLES["models"]
    same = {row.name for row in table.rows if row.values["jitter"] == row.values["sliding"]}
    assert same == {row.name for row in table.rows if row.doubts} == {"MDM", "T2M-GPT", "MoMask"}
    assert all(set(row.doubts) == {"jitter", "sliding"} for row in table.rows if row.doubts)
    assert any("slip in the source" in note for note in table.notes)


def test_directions_are_those_of_the_dimensions():
    for table in TABLES.values():
        assert "2510.26794" in table.source
        for column in table.columns:
            if column.metric is not None:
                assert METRICS.get(column.metric).info.better == column.better


def test_no_table_prints_ground_penetration():
    assert not any("ground" in column.key for table in TABLES.values() for column in table.columns)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema=2), "schema"),
        (lambda d: d.update(extra=1), "unknown field 'extra'"),
        (lambda d: d["tables"].append(d["tables"][0]), "models is there twice"),
        (lambda d: d["tables"][0]["rows"].append(d["tables"][0]["rows"][0]), "MDM is there twice"),
        (lambda d: d["tables"][0]["rows"][0]["values"].update(mcc="0.42"), "found '0.42'"),
        (lambda d: d["tables"][0]["rows"][0]["values"].update(mcc=float("nan")), "finite"),
        (lambda d: d["tables"][0]["rows"][0]["values"].update(beauty=1.0), "not beauty"),
        (lambda d: d["tables"][0]["rows"][1]["doubts"].update(r1="odd"), "not r1"),
        (lambda d: d["tables"][0]["columns"][0].update(better="up"), "'lower' or 'higher'"),
        (lambda d: d["tables"][0]["columns"][0].update(metric="quality/beauty"), "one of the nine dimensions"),
        (lambda d: d["tables"][0].update(url="javascript:alert(1)"), "url"),
        (lambda d: d["tables"][0].update(rows=[]), "rows"),
        (lambda d: d["tables"][0].pop("source"), "'tables[0].source' is missing"),
    ],
)
def test_a_broken_file_is_told_in_one_line(tmp_path, change, message):
    document = yaml.safe_load(BUILTIN.read_text())
    change(document)
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        load_published(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)
