import pytest

from lidnet_mm.benchmark.public_text import PublicNames, without_folders


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("/home/joe/data/a.nii.gz: cannot be read", "a.nii.gz: cannot be read"),
        ('File "/opt/lid/train.py", line 3', 'File "train.py", line 3'),
        ("C:\\Users\\joe\\b.txt", "b.txt"),
        ("~/data/x and ../configs/a.py", "x and a.py"),
        ("(/mnt/a/b), [/mnt/a/c]", "(b), [c]"),
        ("AP50/AP75 at 1/2, 3 / 4 seeds", "AP50/AP75 at 1/2, 3 / 4 seeds"),
    ],
)
def test_folders(text, public):
    assert without_folders(text) == public


def test_pseudonyms_stay_and_names_become_numbers():
    names = PublicNames()
    assert names("case_0003, slice 12") == "case_0003, slice 12"
    assert names("case_0003, series 2, slice 12") == "case_0003, series 2, slice 12"
    assert names("Doe^Jane, slice 3") == "patient 1, slice 3"
    assert names("Roe, series 1.2.840.5, slice -1") == "patient 2, series #1, slice -1"
    assert names("Doe^Jane, slice 4") == "patient 1, slice 4"
    assert names("Roe, series 1.2.840.7, slice 0") == "patient 2, series #2, slice 0"
    assert names("12345678") == "patient 3"
