"""The order of a case's images, and the one that it opens with."""

import numpy as np

from lidnet_mm.benchmark import Case
from lidnet_mm.benchmark.cases.case import NeighbourSlice
from lidnet_mm.benchmark.cases.case_titles import (
    TitleGroup,
    in_order,
    keys_of_titles,
    opening_title,
    title_groups,
)
from lidnet_mm.benchmark.scores.row_titles import row_titles

LINES = [
    ("ldct", "none"),
    ("ndct", "none"),
    ("lidnet", "CPCE (k1)"),
    ("lidnet_gan", "CPCE"),
    ("lidnet", "CPCE"),
    ("matched", "CPCE"),
    ("lidnet", "RED-CNN (32 channels)"),
    ("baseline", "RED-CNN (32 channels)"),
    ("baseline", "CPCE"),
    ("classical", "BM3D"),
    ("lidnet", "RED-CNN (32 channels) (k1)"),
]


def arranged(make_row, lines):
    """Groups of the lines of a table, and what they open with."""
    rows = [make_row(method, denoiser=denoiser) for method, denoiser in lines]
    titles, keys = list(row_titles(rows).values()), keys_of_titles(rows)
    groups = title_groups(titles, keys)
    assert sorted(title for group in groups for title in group.titles) == sorted(titles)
    return groups, opening_title(groups, keys)


def test_from_floor_to_ceiling_denoiser_by_denoiser(make_row):
    red = "RED-CNN (32 channels)"
    groups, opening = arranged(make_row, LINES)
    assert groups == [
        TitleGroup("", ("LDCT", "Classical, BM3D")),
        TitleGroup(
            "CPCE", ("Baseline, CPCE", "Matched, CPCE", "LIDnet, CPCE", "LIDnet (GAN), CPCE")
        ),
        TitleGroup(red, (f"Baseline, {red}", f"LIDnet, {red}")),
        TitleGroup("Ablations", ("LIDnet, CPCE (k1)", f"LIDnet, {red} (k1)"), folded=True),
        TitleGroup("", ("NDCT",)),
    ]
    assert opening == "LIDnet, CPCE"  # neither the ablation before it nor the last but one


def test_one_denoiser_needs_no_name(make_row):
    groups, opening = arranged(make_row, [LINES[1], LINES[4], LINES[8], LINES[0]])
    assert groups == [TitleGroup("", ("LDCT", "Baseline", "LIDnet", "NDCT"))]
    assert opening == "LIDnet"


def test_without_lidnet_the_last_method_before_ndct(make_row):
    assert arranged(make_row, [LINES[1], LINES[8], LINES[5], LINES[0]])[1] == "Matched"
    assert arranged(make_row, [LINES[0], LINES[1]])[1] == "NDCT"
    assert arranged(make_row, [LINES[0]])[1] == "LDCT"


def test_unknown_titles_stand_before_ndct():
    (group,) = title_groups(["NDCT", "mine", "LDCT", "yours"], keys_of_titles([]))
    assert group.titles == ("LDCT", "mine", "yours", "NDCT")
    assert opening_title([group], keys_of_titles([])) == "yours"


def test_neighbours_are_put_in_the_same_order():
    def images(level):
        return {"NDCT": np.full((4, 4), level), "LDCT": np.full((4, 4), level + 1)}

    none = np.zeros((0, 4))
    near = NeighbourSlice(1, images(10), none, {})
    case = Case("a, slice 1", images(0), none, {}, (-160, 240), neighbours=[near])
    ordered = in_order(case, title_groups(list(case.images), keys_of_titles([])))
    assert [(list(p.images), p.images["LDCT"][0, 0]) for p in ordered.slices] == [
        (["LDCT", "NDCT"], 1),
        (["LDCT", "NDCT"], 11),
    ]
