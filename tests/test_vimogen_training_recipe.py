"""Recipes: what a YAML may say, and how a wrong one is told."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from mbench.errors import ConfigError
from mbench.training import TrainSettings
from vimogen.generator import Sampling
from vimogen.losses import KINEMATIC
from vimogen.training.recipe import NetworkRecipe, Recipe, SubsetRecipe, load_recipe, sampling_of
from vimogen_folders import recipe_of, recipe_values, write_recipe


def test_a_recipe_of_two_fields_has_defaults(tmp_path):
    (tmp_path / "r.yaml").write_text("data: data\noutput: run\n")
    recipe = load_recipe(tmp_path / "r.yaml")
    assert recipe.base == tmp_path
    assert recipe.settings == TrainSettings()
    assert sampling_of(recipe.sampling) == Sampling()
    assert list(recipe.subsets) == ["optical"]
    assert recipe.frames == (40, 200)


def test_every_value_arrives(tmp_path):
    recipe = recipe_of(
        tmp_path, frames=[30, 90], subsets={"video": {"share": 2, "text": 0.4, "columns": "rotations"}},
        train={"steps": 9, "rate": 0.5, "ema": None}, losses={"drift": 1}, mirror=0, adversarial=0.1,
        sampling={"steps": 4, "sampler": "multistep", "guidance": {"scale": 2, "interval": [100, 900]}},
    )  # fmt: skip
    assert recipe.frames == (30, 90)
    assert recipe.subsets["video"].columns == "rotations"
    assert (recipe.settings.steps, recipe.settings.rate, recipe.settings.ema) == (9, 0.5, None)
    assert recipe.losses == {"drift": 1.0}
    sampling = sampling_of(recipe.sampling)
    assert (sampling.steps, sampling.sampler, sampling.guidance.interval) == (4, "multistep", (100.0, 900.0))


def test_data_are_a_folder_or_several(tmp_path):
    assert recipe_of(tmp_path).folders == [tmp_path / "data"]
    assert recipe_of(tmp_path, data=["data", "/elsewhere"]).folders == [tmp_path / "data", Path("/elsewhere")]


BAD = {
    "data a number": ({"data": 3}, "data: found 3; expected a folder, or a list of folders"),
    "no folders": ({"data": []}, "data: found []; expected a folder, or a list of folders"),
    "unknown": ({"btch": 3}, "unknown field 'btch'; did you mean 'batch'?"),
    "text for number": ({"batch": "3"}, "batch: found '3'; expected a valid integer"),
    "part for whole": ({"batch": 3.5}, "batch: found 3.5; expected a valid integer"),
    "no batch": ({"batch": 0}, "batch: found 0; expected greater than or equal to 1"),
    "share": ({"null_text": 2}, "null_text: found 2; expected less than or equal to 1"),
    "mirror": ({"mirror": -0.1}, "mirror: found -0.1; expected greater than or equal to 0"),
    "loss": ({"losses": {"foot": 1}}, "losses names foot; expected posing, velocity, drift, contact"),
    "loss below 0": ({"losses": {"drift": -1}}, "losses.drift: found -1; expected greater than or equal to 0"),
    "frames reversed": ({"frames": [40, 20]}, "frames is [40, 20]; expected the shortest, then the longest"),
    "one length": ({"frames": [40]}, "field 'frames[1]' is missing"),
    "no frames": ({"frames": 40}, "frames: found 40; expected a valid tuple"),
    "no subsets": ({"subsets": {}}, "subsets: none has a share above 0"),
    "no share": ({"subsets": {"optical": {"share": 0}}}, "subsets: none has a share above 0"),
    "subset's field": ({"subsets": {"optical": {"colums": "all"}}}, "unknown field 'subsets.optical.colums'"),
    "columns": ({"subsets": {"optical": {"columns": "root"}}}, "subsets.optical.columns: found 'root'; expected 'all'"),
    "network's field": ({"network": {"width": 8}}, "unknown field 'network.width'"),
    "predicts": ({"network": {"predicts": "noise"}}, "network.predicts: found 'noise'; expected 'velocity' or"),
    "heads": ({"network": {"dim": 16, "num_heads": 3}}, "network.dim is 16; expected an even multiple of its 3 heads"),
    "odd width": ({"network": {"dim": 9, "num_heads": 3}}, "network.dim is 9; expected an even multiple"),
    "adversary's step": ({"adversarial_from": -1}, "adversarial_from: found -1"),
    "train's field": ({"train": {"rat": 1}}, "unknown field 'train.rat'; did you mean 'rate'?"),
    "train's type": ({"train": {"steps": "x"}}, "train.steps: found 'x'; expected a valid integer"),
    "train's number": ({"train": {"rate": "1e-4"}}, "valid number (YAML takes 1e-4 for a text; write 1.0e-4)"),
    "train's range": ({"train": {"steps": 0}}, "train: steps is 0; expected at least 1"),
    "schedule": ({"train": {"schedule": "linear"}}, "train.schedule: found 'linear'; expected 'cosine' or 'constant'"),
    "device": ({"train": {"device": "tpu"}}, "train: device is 'tpu'; expected one of auto, cpu, cuda"),
    "train's kind": ({"train": [1]}, "train: found [1]; expected a valid dictionary"),
    "sampler": ({"sampling": {"sampler": "rk45"}}, "sampling: sampler is 'rk45'; expected one of euler"),
    "sampling's field": ({"sampling": {"step": 3}}, "unknown field 'sampling.step'; did you mean 'steps'?"),
    "sampling's type": ({"sampling": {"smooth": 1}}, "sampling.smooth: found 1; expected a valid boolean"),
    "guidance": ({"sampling": {"guidance": 3}}, "sampling.guidance: found 3; expected a mapping"),
    "scale": ({"sampling": {"guidance": {"scale": "2"}}}, "sampling.guidance.scale: found '2'; expected a valid"),
    "interval": ({"sampling": {"guidance": {"interval": [3]}}}, "sampling.guidance: field 'interval[1]' is missing"),
    "gate": ({"learn_gate": True}, "learn_gate needs weights to start from"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_recipe_is_told_by_file_and_field(tmp_path, name):
    change, message = BAD[name]
    with pytest.raises(ConfigError) as caught:
        recipe_of(tmp_path, **change)
    found = str(caught.value)
    assert found.startswith(f"{tmp_path / 'recipe.yaml'}: ")
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize("field", ["data", "output"])
def test_a_field_that_is_missing_is_told(tmp_path, field):
    values = recipe_values(tmp_path)
    del values[field]
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(values))
    with pytest.raises(ConfigError, match=f"field '{field}' is missing"):
        load_recipe(tmp_path / "r.yaml")


def test_what_is_no_mapping_is_told(tmp_path):
    (tmp_path / "r.yaml").write_text("- data\n")
    with pytest.raises(ConfigError, match=r"r\.yaml: holds no mapping; expected the fields of a recipe"):
        load_recipe(tmp_path / "r.yaml")
    with pytest.raises(ConfigError, match="there is no such file"):
        load_recipe(tmp_path / "other.yaml")


def test_numbers_of_yaml_with_a_point_are_numbers(tmp_path):
    path = write_recipe(tmp_path)
    path.write_text(path.read_text().replace("warmup: 2", "warmup: 2\n  rate: 2.0e-4"))
    assert load_recipe(path).settings.rate == 2e-4


def test_a_recipe_does_not_change(tmp_path):
    with pytest.raises(ValidationError):
        recipe_of(tmp_path).batch = 3
    assert isinstance(recipe_of(tmp_path), Recipe)


ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "vimogen_training.md"
SHIPPED = sorted((ROOT / "examples" / "training").glob("vimogen-*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_recipes_of_the_shipped_weights_are_recipes(path):
    assert load_recipe(path).name.startswith("vimogen-")


def test_there_are_recipes_of_both_shipped_weights():
    assert {"vimogen-base", "vimogen-light"} <= {path.stem for path in SHIPPED}


def test_the_recipe_of_the_page_is_one(tmp_path):
    (tmp_path / "r.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
    recipe = load_recipe(tmp_path / "r.yaml")
    assert recipe.subsets["video"] == SubsetRecipe(share=0.5, text=0.4, columns="rotations")
    assert (recipe.settings.steps, recipe.settings.rate) == (40000, 2e-4)


def test_the_page_has_every_field():
    told = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    fields = {*Recipe.model_fields, *NetworkRecipe.model_fields, *SubsetRecipe.model_fields} - {"base"}
    fields |= {field.name for kind in (TrainSettings, Sampling) for field in dataclasses.fields(kind)}
    assert fields | KINEMATIC.keys() <= told
