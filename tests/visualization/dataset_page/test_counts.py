from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.counts import count_part
from lidnet_mm.visualization.dataset_page.loading import load_slices
from lidnet_mm.visualization.dataset_page.parts import parts_of_folder


def test_counts_of_known_parts(dataset, tmp_path):
    dataset.make_root(tmp_path, parts=("train", "test"), paired=False)
    parts = parts_of_folder(tmp_path)
    shown = load_slices(choose_slices(parts, SliceChoice(number=None, patient="case_0003")))
    counts = [count_part(part, shown) for part in parts]
    assert [count[:6] for count in counts] == [("train", 2, 2, 6, 2, 2), ("test", 2, 2, 6, 2, 2)]
    assert counts[0].sizes_mm.tolist() == [7.5, 7.5]
    assert counts[0].sizes_in_words == "7.5 / 7.5 / 7.5"
    assert [count.shown for count in counts] == [0, 3]


def test_a_part_without_boxes_has_no_sizes(dataset, tmp_path):
    (part,) = parts_of_folder(dataset.make_root(tmp_path, paired=False))
    negatives = tuple(entry for entry in part.slices if not len(entry.boxes))
    vars(part)["slices"] = negatives
    assert count_part(part, []).sizes_in_words == "\N{EN DASH}"
