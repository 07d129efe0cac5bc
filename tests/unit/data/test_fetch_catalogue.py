"""What the warehouse lists: queries, pages, filters, and errors that say what there is to choose
from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import warehouse_server
from warehouse_server import Warehouse
from warehouse_tables import CELLS, warehouse

import raylab
from raylab.data.allen import rma
from raylab.data.allen.listing import Listing, parse_range
from raylab.errors import ConfigError, DataError, RaylabError


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("raylab.data.fetching.http.BACKOFF_S", 0.0)
    monkeypatch.setattr("raylab.data.fetching.http.PAUSE_S", 0.0)


@pytest.fixture
def served() -> Iterator[Warehouse]:
    with warehouse() as one:
        yield one


def found(served: Warehouse, source: str = "allen-ophys", **chosen: Any) -> list[Listing]:
    done = raylab.fetch(source, out="nowhere", base_uri=served.uri, dry_run=True, **chosen)
    assert not Path("nowhere").exists()
    return [match.session for match in done.matched]


def ids(served: Warehouse, source: str = "allen-ophys", **chosen: Any) -> list[int]:
    return [one.id for one in found(served, source, **chosen)]


# -- what is listed --------------------------------------------------------------------------------


def test_a_two_photon_session_is_listed_with_all_that_is_known(served: Warehouse) -> None:
    one = found(served, ids=[501])[0]
    assert (one.areas, one.depth_um, one.cre, one.session_type) == (
        ("VISp",),
        175,
        "Cux2-CreERT2",
        "three_session_A",
    )
    assert (one.animal, one.container, one.date) == ("222", 51, "2016-02-12T00:00:00Z")
    assert one.file == "ophys_experiment_501.nwb"
    assert set(one.stimuli) == {
        "drifting_gratings",
        "natural_movie_one",
        "natural_movie_three",
        "spontaneous",
    }


def test_cells_are_those_found_in_the_session_not_in_its_container(served: Warehouse) -> None:
    assert len(CELLS[51]) == 3
    assert {one.id: one.neurons for one in found(served)} == {501: 3, 502: 1, 503: 1, 504: 5}


def test_without_metrics_all_cells_of_the_container_count(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = served.tables["ApiCamCellMetric"]
    served.tables["ApiCamCellMetric"] = [
        {k: v for k, v in row.items() if "nm1" not in k} for row in rows
    ]
    monkeypatch.setattr(
        "warehouse_server._columns", lambda row, columns: row
    )  # a mirror that knows no `only`
    assert {one.id: one.neurons for one in found(served)} == {501: 3, 502: 3, 503: 1, 504: 5}


def test_a_neuropixels_session_is_listed_with_its_areas_and_good_units(served: Warehouse) -> None:
    first, second, third = found(served, "allen-ecephys")
    assert (first.id, first.areas, first.neurons, first.cre) == (
        715,
        ("LGd", "VISp"),
        4,
        "Sst-IRES-Cre",
    )
    assert (second.areas, second.neurons, second.cre) == (("VISl",), 3, "wt")
    assert (third.cre, third.animal, third.file) == ("wt", "5362", "ecephys_session_766.nwb")
    assert "dot_motion" in third.stimuli
    assert "natural_scenes" in first.stimuli


def test_failed_containers_and_sessions_without_a_file_are_not_offered(served: Warehouse) -> None:
    assert ids(served) == [501, 502, 503, 504]
    files = served.tables["WellKnownFile"]
    served.tables["WellKnownFile"] = [
        row for row in files if row["attachable_id"] not in (502, 719)
    ]
    assert ids(served) == [501, 503, 504]
    assert ids(served, "allen-ecephys") == [715, 766]


# -- filters ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"area": "visp"}, [501, 502, 504]),
        ({"area": ["VISp", "VISl"], "cre": "Rbp4-Cre_KL100"}, [503, 504]),
        ({"depth": (175, 275)}, [501, 502, 503]),
        ({"stimulus": "natural_scenes"}, [502]),
        ({"stimulus": "natural_movie_one", "min_neurons": 3}, [501, 504]),
        ({"max_neurons": 3, "session_type": ["three_session_A", "three_session_C2"]}, [501, 503]),
        ({"ids": [503, 501]}, [501, 503]),
        ({"limit": 2}, [501, 502]),
    ],
)
def test_ophys_filters(served: Warehouse, chosen: dict[str, Any], expected: list[int]) -> None:
    assert ids(served, **chosen) == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"area": "VISp"}, [715, 766]),
        ({"area": ["CA1", "VISl"]}, [719, 766]),
        ({"cre": "wt"}, [719, 766]),
        ({"stimulus": "natural_scenes", "min_neurons": 4}, [715]),
        ({"session_type": "functional_connectivity"}, [766]),
    ],
)
def test_ecephys_filters(served: Warehouse, chosen: dict[str, Any], expected: list[int]) -> None:
    assert ids(served, "allen-ecephys", **chosen) == expected


@pytest.mark.parametrize(
    ("source", "chosen", "what", "remedy"),
    [
        ("allen-ophys", {"area": "VISP1"}, "none of 4 sessions has area "
                                           "VISP1", "There are: VISl, VISp."),
        ("allen-ophys", {"cre": "Rbp4-Cre"}, "has cre Rbp4-Cre", "Did you mean 'Rbp4-Cre_KL100'?"),
        ("allen-ophys", {"stimulus": "natural_sceens"}, "stimulus "
                                                        "natural_sceens", "Did you mean "
                                                                          "'natural_scenes'?"),
        ("allen-ophys", {"ids": [505]}, "has id 505", "There are: 501, 502, 503, 504."),
        ("allen-ophys", {"depth": (0, 100)}, "has depth 0..100", "They have 175..375."),
        ("allen-ophys", {"min_neurons": 9}, "has neurons 9..inf", "They have 1..5."),
        ("allen-ophys", {"area": "VISl", "cre": "Cux2-CreERT2"}, "none of 1 sessions with area "
                                                                 "VISl has cre Cux2",
         "There are: Rbp4-Cre_KL100."),
        ("allen-ophys", {"depth": (300, 200)}, "its lower end is above its upper", "175..300"),
        ("allen-ecephys", {"depth": (0, 100)}, "has depth 0..100", "leave it out"),
        ("allen-ecephys", {"area": "VISam"}, "none of 3 sessions has area "
                                             "VISam", "There are: CA1, LGd, VISl, VISp."),
        ("allen-ofys", {}, "source 'allen-ofys' is not known", "Did you mean 'allen-ophys'?"),
        ("allen-ophys", {"limit": 0}, "limit is 0", "It must be at least 1"),
    ],
)  # fmt: skip
def test_a_filter_that_nothing_fits_says_what_there_is(
    served: Warehouse, source: str, chosen: dict[str, Any], what: str, remedy: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ids(served, source, **chosen)
    assert what in caught.value.what
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "expected"), [("175..300", (175, 300)), ("175", (175, 175)), ("0..1e3", (0, 1000))]
)
def test_ranges(text: str, expected: tuple[float, float]) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["", "175-300", "..300", "300..175", "nan"])
def test_what_is_not_a_range(text: str) -> None:
    with pytest.raises(ConfigError, match="not a range"):
        parse_range(text)


# -- the protocol ----------------------------------------------------------------------------------


def test_pages_add_up(served: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rma, "PAGE_ROWS", 2)
    assert {one.id: one.neurons for one in found(served)} == {501: 3, 502: 1, 503: 1, 504: 5}
    pages = served.queries("ApiCamCellMetric")
    assert ["start_row$eq2]" in page for page in pages] == [False, True, False, False, False]
    assert all("num_rows$eq2]" in page and "order$eq'cell_specimen_id'" in page for page in pages)


def test_many_ids_are_asked_for_some_at_a_time(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rma, "IDS_A_QUERY", 2)
    assert {one.id: one.neurons for one in found(served, "allen-ecephys")} == {
        715: 4,
        719: 3,
        766: 2,
    }
    assert len(served.queries("EcephysUnit")) == 2


def test_only_cells_of_the_containers_that_are_left_are_asked_for(served: Warehouse) -> None:
    found(served, area="VISl")
    assert "[experiment_container_id$in52]" in served.queries("ApiCamCellMetric")[0]


@pytest.mark.parametrize(
    ("source", "chosen", "expected"),
    [
        ("allen-ophys", {"area": "VISl"}, {503: 1}),
        ("allen-ecephys", {"cre": "Sst-IRES-Cre"}, {715: 4}),
    ],
)
def test_a_mirror_may_send_more_than_was_asked_for(
    served: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    chosen: dict[str, Any],
    expected: dict[int, int],
) -> None:
    page = warehouse_server._page

    def careless(tables: dict[str, Any], model: str, text: str) -> dict[str, Any]:
        asked = (
            text if model == "WellKnownFile" else re.sub(r"rma::criteria,.*?(?=,rma::)", "", text)
        )
        return page(tables, model, asked)

    monkeypatch.setattr(warehouse_server, "_page", careless)
    assert {one.id: one.neurons for one in found(served, source, **chosen)} == expected


@pytest.mark.parametrize("fault", ["500", "hang up", "cut", "reset"])
def test_a_query_is_asked_again(served: Warehouse, fault: str) -> None:
    served.script["OphysExperiment"] = [fault, fault]
    assert ids(served) == [501, 502, 503, 504]
    assert len(served.queries("OphysExperiment")) == 3


@pytest.mark.parametrize(
    ("model", "fault", "message"),
    [
        ("OphysExperiment", "refused", "refuses to list OphysExperiment: no such column"),
        ("OphysExperiment", "html", "the answer is not JSON"),
        ("ApiCamCellMetric", "empty", "0 of 9 rows arrived, then an empty page"),
        ("ApiCamCellMetric", "fewer", "a page of 9 rows holds 8"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(
    served: Warehouse, model: str, fault: str, message: str
) -> None:
    served.script[model] = [fault]
    with pytest.raises(DataError, match=message) as caught:
        ids(served)
    assert served.uri in caught.value.what


def test_a_page_lost_between_others_is_an_error(
    served: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rma, "PAGE_ROWS", 4)
    served.script["ApiCamCellMetric"] = ["", "empty"]
    with pytest.raises(DataError, match="4 of 9 rows arrived, then an empty page"):
        ids(served)
    served.script["ApiCamCellMetric"] = ["", "grown"]
    with pytest.raises(DataError, match="9 rows are 10 now"):
        ids(served)


def test_a_server_that_stays_broken_is_given_up(served: Warehouse) -> None:
    served.script["OphysExperiment"] = ["500"] * 20
    with pytest.raises(DataError, match="answers 500"):
        ids(served)
    assert len(served.queries("OphysExperiment")) == 5
    served.script["OphysExperiment"] = ["cut"] * 20
    with pytest.raises(DataError, match="answers break off"):
        ids(served)


def test_rows_of_another_form_are_an_error(served: Warehouse) -> None:
    del served.tables["OphysExperiment"][0]["targeted_structure"]
    with pytest.raises(
        DataError, match=r"OphysExperiment are not as expected: KeyError 'targeted_structure'"
    ):
        ids(served)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("ftp://somewhere", "is not an http address"),
        ("http://127.0.0.1:9", "not reachable.*refused"),
        ("http://127.0.0.1:99999", "not an address"),
    ],
)
def test_an_address_that_does_not_answer(uri: str, message: str) -> None:
    with pytest.raises(RaylabError, match=message):
        raylab.fetch("allen-ophys", out="nowhere", base_uri=uri)


def test_the_published_address_is_the_default() -> None:
    assert rma.BASE_URI == "http://api.brain-map.org"
    assert rma.Warehouse().url("api/v2/x") == rma.Warehouse("http://api.brain-map.org/").url(
        "/api/v2/x"
    )
