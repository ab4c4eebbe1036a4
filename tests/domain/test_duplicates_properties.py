"""Whatever the texts, clusters hold each rank once, and near texts by the exact number only."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.duplicates import clusters, signature, similarity

few = st.lists(st.sampled_from(["tea", "rain", "Ice", "fog", "été", "霧", "雨,", "—"]), max_size=14).map(
    " ".join
)
any_text = st.text(st.characters() | st.characters(categories=["Cs"]))
texts = st.lists(few | any_text, max_size=12)
thresholds = st.sampled_from([0.5, 0.7, 0.8, 1.0])


def found(texts, threshold):
    return clusters(
        ((rank, signature(text)) for rank, text in enumerate(texts)), texts.__getitem__, threshold
    )


@given(texts, thresholds)
@settings(deadline=None)
def test_clusters_are_sorted_and_hold_each_rank_once(texts, threshold):
    grouped = found(texts, threshold)
    ranks = [rank for cluster in grouped for rank in cluster]
    assert len(ranks) == len(set(ranks))
    assert grouped == sorted(tuple(sorted(cluster)) for cluster in grouped)
    assert all(len(cluster) > 1 for cluster in grouped)


@given(texts, thresholds)
@settings(deadline=None)
def test_each_of_a_cluster_is_near_to_another_of_it_and_to_none_outside(texts, threshold):
    grouped = found(texts, threshold)
    home = {rank: cluster for cluster in grouped for rank in cluster}
    for rank, cluster in home.items():
        assert any(similarity(texts[rank], texts[other]) >= threshold for other in cluster if other != rank)
    signed = [rank for rank, text in enumerate(texts) if signature(text)]
    for one, other in combinations(signed, 2):
        if similarity(texts[one], texts[other]) == 1:  # less than that may be missed, if hardly ever
            assert other in home[one]


@given(any_text, any_text)
@settings(deadline=None)
def test_the_number_is_the_same_both_ways_and_one_for_equal_texts(one, other):
    if signature(one) and signature(other):
        assert 0 <= similarity(one, other) == similarity(other, one) <= 1
        assert similarity(one, one) == 1


@given(any_text)
@settings(deadline=None)
def test_a_signature_has_one_size_or_none_for_a_blank_text(text):
    assert len(signature(text)) == (272 if text.strip() else 0)
