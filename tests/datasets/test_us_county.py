"""Counties: the join, the filling and the units by hand, and the published counts."""

import statistics

import pytest
import torch

from simplex.datasets import us_county
from tests.cases import over


YEARS = (2012, 2016)
ADJACENCY = (  # three that touch, one that only touches itself; its names are in Latin-1
    '"A County, AL"\t01001\t"A County, AL"\t01001\n\t\t"Doña, NM"\t35013\n\t\t"C"\t9\n'
    '"Doña, NM"\t35013\t"C"\t00009\n"C"\t9\t"A County, AL"\t1001\n"Isle"\t77\t"Isle"\t77\n'
)
TABLES = {
    "income": "FIPS,MedianIncome2012,MedianIncome2016\n"
    '0,"50,502","57,617"\n1001,"20,000","21,000"\n9,"40,000",\n77,"90,000","1,000"\n',
    "population": "FIPS,X,R_NET_MIG_2012,R_birth_2012,R_death_2012,"
    "R_NET_MIG_2016,R_birth_2016,R_death_2016\n"
    "01001,,-6.1,11,10,1,2,3\n35013,,2,3,4,5,6,7\n00009,,1,1,1,2,2,2\n77,,0,0,0,0,0,0\n",
    "education": "FIPS,BachelorRate2012,BachelorRate2016\n1001,1,2\n35013,3,4\n9,5.5,6\n",
    "unemployment": "FIPS, Unemployment_rate_2012 ,Unemployment_rate_2016\n"
    "1001,7,8\n35013,3,4\n9,5,6\n",
    "election": "fips_code,dem_2012,gop_2012,dem_2016,gop_2016\n01001,1,3,4,4\n35013,6,2,9,1\n",
}


def write(folder, **changes):
    (folder / "adjacency.txt").write_bytes(changes.pop("adjacency", ADJACENCY).encode("latin-1"))
    for name, text in (TABLES | changes).items():
        (folder / f"{name}.csv").write_text(text, encoding="latin-1")
    return folder


def test_targets_by_hand(tmp_path):
    write(tmp_path)
    item = us_county("income", 2012, tmp_path)[0]
    assert item.complex.vertex_labels == ("C", "A County, AL", "Doña, NM")  # 9, 1001, 35013
    assert item.complex.f_vector == (3, 3, 1)
    assert item.edge_index.T.tolist() == [[a, b] for a in range(3) for b in range(3) if a != b]
    # of the mean the isolated county is a part; the line 0 is of no county
    assert item.y.tolist() == [40, 20, 50]
    election = us_county("Election", 2012, tmp_path)[0].y
    dem, gop = (1 + 6) / 2, (3 + 2) / 2
    torch.testing.assert_close(election, torch.tensor([(dem - gop) / (dem + gop), -0.5, 0.5]))
    assert us_county("education", 2016, tmp_path)[0].y.tolist() == [6, 2, 4]


def test_features_are_the_six_others_standardised(tmp_path):
    item = us_county("death", 2012, write(tmp_path))[0]
    expected = []
    for target in ("income", "migration", "birth", "education", "unemployment", "election"):
        column = us_county(target, 2012, tmp_path)[0].y.tolist()
        mean, std = statistics.mean(column), statistics.stdev(column)
        expected.append([(value - mean) / std for value in column])
    torch.testing.assert_close(item.x, torch.tensor(expected).T)
    torch.testing.assert_close(item.x_2[0], item.x.mean(0))


@over(
    "changes, message",
    [
        (
            {"election": "fips_code,dem_2012\n1001,1\n"},
            "got no column 'gop_2012'",
        ),
        ({"education": TABLES["education"] + "1001,1,1\n"}, r"education\.csv .* a county twice"),
        ({"education": "FIPS,BachelorRate2012\n1001,x\n"}, "got 'x' for a number in row 2"),
        ({"education": "FIPS,BachelorRate2012\n1001,1,2\n"}, "got 3 columns for 2 in row 2"),
        ({"education": "FIPS,BachelorRate2012\n1001,\n"}, "a column without a county"),
        ({"education": "FIPS,BachelorRate2012\nx,1\n"}, "for the number of a county in line 2"),
        ({"income": 'FIPS,MedianIncome2012\n1001,"5,05"\n'}, "got '5,05' for a number"),
        ({"adjacency": "a\t1\n"}, r"adjacency\.txt .* in line 1"),
        ({"adjacency": "\t\tb\t1\n"}, r"adjacency\.txt .* in line 1"),
        ({"adjacency": ""}, "got no pairs"),
    ],
)
def test_broken_tables_are_named(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        us_county("election", 2012, write(tmp_path, **changes))


def test_wrong_options_and_absent_files(tmp_path):
    with pytest.raises(ValueError, match="target must be one of 'income'"):
        us_county("votes", root=tmp_path)
    with pytest.raises(ValueError, match="year must be one of 2012, 2016"):
        us_county(year=2020, root=tmp_path)
    with pytest.raises(ValueError, match=r"stored in .*, got no such files\. Put adjacency\.txt"):
        us_county(root=tmp_path)
    write(tmp_path)
    (tmp_path / "income.csv").unlink()
    with pytest.raises(ValueError, match=r"must be complete in .*, got no income\.csv"):
        us_county(root=tmp_path)


def test_the_published_counts(shared_data):
    folder = shared_data / "us_county"
    if not folder.is_dir():
        pytest.skip(f"real data absent: {folder}")
    for year in YEARS:
        item = us_county("election", year, folder, max_dim=3)[0]
        assert item.complex.f_vector == (3224, 9483, 6490, 225)
        assert item.x.shape == (3224, 6)
        assert bool(item.x.isfinite().all())
        assert float(item.y.abs().max()) < 1
    autauga = item.complex.vertex_labels.index("Autauga County, AL")
    assert float(us_county("income", 2012, folder)[0].y[autauga]) == pytest.approx(51.441)
