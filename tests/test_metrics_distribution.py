"""Metrics over a set: against naive twins and closed forms, what must not change them, what does not apply."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import hypergeom, ortho_group

import naive_distribution as naive
from embedders import (
    NAMES,
    WIDTH,
    NoVectors,
    Toy,
    cloud,
    follows,
    metric,
    mixed_set,
    sample,
    set_of,
    text_vector,
    toy_with_reference,
    unit,
    vectors_of,
)
from mbench.errors import FormatError, NotApplicable
from mbench.judges.base import identity
from mbench.metrics.base import METRICS
from mbench.metrics.distribution import frechet_distance, kernel_distance
from mbench.metrics.embedded import REPLICATIONS, Remembered, remembered
from mbench.metrics.reference import load_reference, save_reference
from mbench.score_sets import set_values


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, where reference sets go."""
    monkeypatch.setenv("MBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def judge(folder):
    return toy_with_reference()


@pytest.fixture
def mixed():
    return mixed_set()


# ---------------------------------------------------------------- against the naive twins


@pytest.mark.parametrize("most", [1, 2, 3])
def test_r_precision_equals_its_naive_twin(judge, most):
    samples = [s for s in follows(70, 1.5, seed=2)]
    samples[3] = replace(samples[3], prompt=replace(samples[3].prompt, text=samples[9].prompt.text))
    texts = [s.prompt.text for s in samples]
    expected = naive.r_precision(
        [s.prompt.id for s in samples], texts, vectors_of(samples), judge.embed_texts(texts), most
    )
    assert 0.1 < expected < 0.9
    assert metric(f"r_precision_{most}")(samples, judge) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["fid", "kid", "density", "coverage"])
@pytest.mark.parametrize("n", [8, 40, 150])
def test_metrics_against_the_reference_equal_their_naive_twins(judge, name, n):
    fake = vectors_of(set_of(cloud(n, 5, shift=0.4, scale=1.3)))
    expected = getattr(naive, name)(fake.tolist(), load_reference(judge).features.tolist())
    assert metric(name)(set_of(fake), judge) == pytest.approx(expected, abs=1e-6)


def test_distances_equal_their_naive_twins(judge, mixed):
    first = [s for s in mixed if s.replicate == 0]
    texts = judge.embed_texts([s.prompt.text for s in first])
    assert metric("mm_dist")(first, judge) == pytest.approx(naive.mm_dist(vectors_of(first), texts), abs=1e-12)
    expected = naive.diversity([s.prompt.id for s in first], vectors_of(first))
    assert metric("diversity")(first, judge) == pytest.approx(expected, abs=1e-12)
    groups = [vectors_of([s for s in mixed if s.prompt.id == p.prompt.id]) for p in first]
    assert metric("multimodality")(mixed, judge) == pytest.approx(naive.multimodality(groups), abs=1e-12)


def test_multimodality_takes_the_mean_over_prompts_of_the_mean_over_their_pairs(judge):
    generator = np.random.default_rng(3)
    groups = [unit(generator.normal(size=(n, WIDTH))) for n in (5, 2, 1, 3)]
    samples = [sample(i, v, r) for i, group in enumerate(groups) for r, v in enumerate(group)]
    kept = [vectors_of([s for s in samples if s.prompt.id == f"p{i:04d}"]) for i in range(4)]
    assert metric("multimodality")(samples, judge) == pytest.approx(naive.multimodality(kept), abs=1e-12)


# ---------------------------------------------------------------- closed forms


def test_fid_equals_the_closed_form_of_two_gaussians():
    # Whitened samples have exactly mean 0 and covariance 1; of diagonal covariances a and b, FID is
    # |m|^2 + sum (sqrt a - sqrt b)^2.
    generator = np.random.default_rng(0)

    def exact(n, mean, deviations):
        rows = generator.normal(size=(n, 5))
        rows -= rows.mean(0)
        rows = rows @ np.linalg.inv(np.linalg.cholesky(np.cov(rows.T))).T
        return rows * deviations + mean

    a, b = np.array([1, 2, 3, 0.5, 1]), np.array([2, 2, 1, 0.5, 3])
    expected = 4 + 9 + ((a - b) ** 2).sum()
    found = frechet_distance(exact(50, [2, 0, 3, 0, 0], a), exact(400, np.zeros(5), b))
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("n", "m"), [(10, 8), (10, 200), (200, 10), (300, 200)])
def test_fid_equals_the_square_root_of_the_matrix_at_any_rank(n, m):
    x, y = cloud(n, 1, 0.3, width=40), cloud(m, 2, width=40)
    assert frechet_distance(x, y) == pytest.approx(naive.fid(x, y), abs=2e-6)
    assert frechet_distance(x, x[::-1]) == pytest.approx(0, abs=1e-12)


def test_r_precision_is_the_mean_over_all_pools(judge):
    # Of 200 texts with c nearer than the own one, a random pool of 31 others holds fewer than k of them with the
    # hypergeometric probability; 20 draws come near its mean.
    samples = follows(200, 1.5, seed=8)
    texts = judge.embed_texts([s.prompt.text for s in samples])
    apart = np.linalg.norm(vectors_of(samples)[:, None] - texts[None], axis=-1)
    nearer = (apart < np.diagonal(apart)[:, None]).sum(1)
    for most in (1, 2, 3):
        expected = hypergeom.cdf(most - 1, 199, nearer, 31).mean()
        assert metric(f"r_precision_{most}")(samples, judge) == pytest.approx(expected, abs=0.01)


def test_kid_has_no_bias_and_fid_has():
    # Same distribution on both sides: KID averages to 0 for few and for many motions, FID never gets there.
    real = cloud(400, 0)
    for n in (10, 40):
        found = [kernel_distance(cloud(n, seed), cloud(400, 5000 + seed)) for seed in range(1, 201)]
        assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
        assert min(found) < 0 < max(found)
    small, large = (np.mean([frechet_distance(cloud(n, s), real) for s in range(1, 21)]) for n in (20, 200))
    assert small > 4 * large > 0


def test_kid_of_a_shifted_cloud_does_not_depend_on_the_number_of_motions():
    real = cloud(400, 0)
    truth = kernel_distance(cloud(4000, 1, shift=0.3), real)
    for n in (10, 100):
        found = [kernel_distance(cloud(n, seed, shift=0.3), real) for seed in range(2, 202)]
        assert np.mean(found) == pytest.approx(truth, abs=4 * np.std(found) / np.sqrt(200))
    assert truth > 0.1


def test_fid_infinity_takes_out_most_of_the_bias(judge):
    real = load_reference(judge).features
    truth = frechet_distance(cloud(50_000, 1, shift=0.2), real)
    plain, limit = [], []
    for seed in range(2, 22):
        samples = set_of(cloud(96, seed, shift=0.2))
        plain.append(metric("fid")(samples, judge) - truth)
        limit.append(metric("fid_infinity")(samples, judge) - truth)
    assert np.mean(plain) > 4 * abs(np.mean(limit))


def test_fid_infinity_needs_many_motions(judge):
    assert metric("fid_infinity").evaluate(set_of(cloud(47, 1)), judge) == (
        None,
        "extrapolating FID needs at least 48 motions here, the set has 47",
    )
    assert metric("fid_infinity")(set_of(cloud(48, 1)), judge) is not None


# ---------------------------------------------------------------- what the values must be


def random_directions(seed):
    return set_of(unit(np.random.default_rng(seed).normal(size=(640, WIDTH))))


def test_perfect_vectors_find_their_texts_and_random_ones_do_not(judge):
    perfect = follows(96, 0.0)
    for most in (1, 2, 3):
        one, p = metric(f"r_precision_{most}"), most / 32
        assert one(perfect, judge) == 1
        found = np.mean([one(random_directions(seed), judge, replication=3) for seed in range(10)])
        assert found == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 6400))
    assert metric("mm_dist")(perfect, judge) == pytest.approx(0, abs=1e-6)
    assert metric("mm_dist")(random_directions(0), judge) == pytest.approx(np.sqrt(2), abs=0.05)


def test_r_precision_orders_shuffled_noisy_and_right_texts(judge):
    right = follows(64, 0.5)
    texts = [s.prompt for s in right]
    shuffled = [
        replace(s, prompt=replace(p, id=s.prompt.id)) for s, p in zip(right, texts[1:] + texts[:1], strict=True)
    ]
    for most in (1, 2, 3):
        one = metric(f"r_precision_{most}")
        assert one(right, judge) > one(follows(64, 3.0), judge) > one(shuffled, judge)


def test_a_model_without_any_difference_is_at_chance(judge):
    # The same motion for all, and a judge to whom all texts are equal: ties win nothing.
    static = [sample(i, np.ones(WIDTH)) for i in range(64)]
    for most in (1, 2, 3):
        assert metric(f"r_precision_{most}")(static, judge) == pytest.approx(most / 32)

    class Deaf(Toy):
        def embed_texts(self, texts):
            return np.tile(np.eye(WIDTH)[0], (len(texts), 1))

    assert metric("r_precision_3")(follows(64, 0.5), Deaf()) == pytest.approx(3 / 32)
    assert metric("diversity")(static, judge) == 0
    assert metric("multimodality")([replace(s, replicate=r) for s in static for r in (0, 1)], judge) == 0


def test_a_distractor_of_the_same_words_is_none(judge):
    one_text = [sample(i, text_vector("walk"), text="walk") for i in range(32)]
    assert metric("r_precision_1")(one_text, judge) == 1


@pytest.mark.parametrize("n", [20, 90])
def test_coverage_and_density_of_the_same_distribution(judge, n):
    # Naeem et al., Lemma 2: coverage by n of m real ones is 1 - (m-1)…(m-k) / ((n+m-1)…(n+m-k)); density is 1.
    found = []
    for seed in range(40):
        save_reference(judge, cloud(90, 2000 + seed), {})
        found.append([metric(name)(set_of(cloud(n, seed)), judge) for name in ("coverage", "density")])
    expected = 1 - np.prod([(90 - i) / (n + 90 - i) for i in range(1, 6)])
    np.testing.assert_allclose(np.mean(found, axis=0), [expected, 1], atol=0.04)


def test_coverage_and_density_of_the_reference_itself_and_of_collapse(judge):
    real = load_reference(judge).features
    assert metric("coverage")(set_of(real), judge) == 1
    collapsed = set_of(np.tile(real[0], (90, 1)))
    assert metric("coverage")(collapsed, judge) < 0.2
    far = set_of(-real)
    assert metric("coverage")(far, judge) == 0 == metric("density")(far, judge)


def test_spoilt_sets_are_farther_from_real_ones(judge):
    fine, off = set_of(cloud(90, 1)), set_of(cloud(90, 1, shift=0.5))
    for name in ("fid", "kid"):
        assert metric(name)(fine, judge) < metric(name)(off, judge)


# ---------------------------------------------------------------- invariance


@pytest.mark.parametrize("name", NAMES)
def test_order_batches_and_rotation_change_nothing(judge, mixed, name):
    one = METRICS.get(name)
    value = one(mixed, judge)
    assert value is not None
    order = np.random.default_rng(0).permutation(len(mixed))
    assert one([mixed[i] for i in order], judge) == value

    class OneByOne(Toy):
        def embed_motions(self, motions):
            return np.concatenate([super(OneByOne, self).embed_motions([m]) for m in motions])

    assert one(mixed, OneByOne()) == value
    assert one(mixed, remembered(judge)) == value
    turn = ortho_group.rvs(WIDTH, random_state=1)
    turned = Toy(turn, version="turned")
    save_reference(turned, load_reference(judge).features @ turn, {})
    assert one(mixed, turned) == pytest.approx(value, abs=2e-3)  # the reference is rounded to float16 anew


def test_pools_come_from_prompt_ids_not_from_places(judge):
    samples = follows(64, 1.0)
    renamed = [replace(s, prompt=replace(s.prompt, id=f"q{s.prompt.id}")) for s in samples]
    one = metric("r_precision_1")
    assert one(samples, judge, replication=0) != one(renamed, judge, replication=0)
    assert len({one(samples, judge, replication=r) for r in range(REPLICATIONS)}) > 3
    assert one(samples, judge) == pytest.approx(np.mean([one(samples, judge, replication=r) for r in range(20)]))


def test_a_prompt_more_changes_pools_of_32_only_by_that_prompt(judge):
    # 40 prompts: one pool of 32 a draw, so that every draw leaves 8 out and all are in over 20 draws.
    seen = set()
    for replication in range(REPLICATIONS):
        (pool,) = naive.pools([f"p{i:04d}" for i in range(40)], replication)
        seen |= set(pool)
    assert seen == set(range(40))


def test_everything_is_embedded_once(judge, mixed):
    memo = Remembered(judge)
    judge.embedded.clear()
    for name in NAMES:
        METRICS.get(name)(mixed, memo)
    assert sum(judge.embedded) == len(mixed) + len({s.prompt.text for s in mixed})
    assert memo.card == judge.card and memo.match([mixed[0].motion], ["x"]) == judge.match([mixed[0].motion], ["x"])
    assert remembered(None) is None and isinstance(remembered(NoVectors()), NoVectors)


# ---------------------------------------------------------------- what does not apply


@pytest.mark.parametrize("name", NAMES)
def test_a_judge_without_embeddings(name, mixed):
    assert METRICS.get(name).evaluate(mixed, NoVectors()) == (None, "judge openai has no embeddings")


@pytest.mark.parametrize("name", ["fid", "fid_infinity", "kid", "density", "coverage"])
def test_no_reference_set(folder, mixed, name):
    value, reason = metric(name).evaluate(mixed, Toy())
    assert value is None
    assert f"no reference set of judge {identity(Toy())}" in reason and "scripts/build_reference.py" in reason


@pytest.mark.parametrize(
    ("name", "n", "reason"),
    [
        ("r_precision_1", 31, "needs a pool of 32 prompts with a motion, the set has 31"),
        ("fid", 1, "needs at least 2 motions, the set has 1"),
        ("kid", 1, "needs at least 2 motions, the set has 1"),
        ("coverage", 0, "needs at least 2 motions, the set has 0"),
        ("mm_dist", 0, "the set has no motions"),
        ("diversity", 1, "needs motions of at least 2 prompts, the set has 1"),
        ("multimodality", 40, "needs several motions of a prompt; set run.replicates to 2 or more"),
    ],
)
def test_too_few(judge, name, n, reason):
    assert metric(name).evaluate(follows(n, 1.0), judge) == (None, reason)


def test_a_small_reference_has_no_neighbourhoods(folder):
    toy = Toy()
    save_reference(toy, cloud(5, 0), {})
    assert "more than 5 motions, it has 5" in metric("density").evaluate(set_of(cloud(9, 1)), toy)[1]


@pytest.mark.parametrize("fault", ["nan", "long", "short"])
@pytest.mark.parametrize("name", ["r_precision_1", "fid", "mm_dist", "diversity"])
def test_a_judge_that_breaks_its_word_fails_and_does_not_win(folder, name, fault):
    class Broken(Toy):
        def embed_motions(self, motions):
            vectors = super().embed_motions(motions)
            return {"nan": vectors * np.nan, "long": vectors * 3, "short": vectors[:-1]}[fault]

    save_reference(Broken(), cloud(90, 0), {})
    values = set_values(metric(name), follows(40, 0.0), [Broken()])
    assert values[0][0] is None and values[0][1].startswith("failed: judge toy gave")


# ---------------------------------------------------------------- reference sets


def test_a_reference_set_is_read_as_it_was_written(folder):
    toy, rows = Toy(), cloud(30, 0)
    path = save_reference(toy, rows, {"sources": [{"source": "cmu", "clips": 30}]})
    assert path == folder / "reference" / f"{identity(toy)}.npz"
    found = load_reference(toy)
    np.testing.assert_allclose(found.features, rows, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.features, axis=1), 1, atol=1e-12)
    facts = json.loads(path.with_suffix(".json").read_text())
    assert (facts["n"], facts["d"], facts["sources"]) == (30, WIDTH, [{"source": "cmu", "clips": 30}])
    assert facts["sha256"] == found.hash and facts["judge"]["name"] == "toy"
    with pytest.raises(NotApplicable, match="no reference set"):
        load_reference(Toy(version="2"))


def test_another_reference_set_is_another_version(folder, judge):
    from mbench.body.mesh import MeshSettings
    from mbench.versions import version_of

    first = version_of(metric("fid"), MeshSettings(), judge)
    assert f"+{identity(judge)}+reference." in first
    save_reference(judge, cloud(80, 3), {})
    assert version_of(metric("fid"), MeshSettings(), judge) != first
    assert version_of(metric("mm_dist"), MeshSettings(), judge) == f"1+{identity(judge)}"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 torn", None])
def test_a_broken_reference_set_says_so(folder, content):
    path = save_reference(Toy(), cloud(9, 0), {})
    if content is None:
        np.savez(path, features=np.full((9, WIDTH), np.nan))
    else:
        path.write_bytes(content)
    with pytest.raises(FormatError, match="reference set|expected 2 or more finite vectors"):
        load_reference(Toy())
