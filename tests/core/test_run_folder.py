"""A run folder: what is saved comes back, whole or not at all, and damage is told by file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from support import small, tiny
from support.runs import MANIFEST

from attribution.errors import InputError
from attribution.fitting import check_target, fit
from attribution.manifest import FORMAT_VERSION, Manifest
from attribution.run import DIAGNOSTICS, POSTERIOR, SPEC, TABLE, Run, load_run, save_run
from attribution.run import MANIFEST as MANIFEST_FILE
from attribution.spec import to_toml

FILES = {POSTERIOR, DIAGNOSTICS, TABLE, SPEC, MANIFEST_FILE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_run(small.believable("additive"), tmp_path / "runs" / "one").path or tmp_path


def problem(folder: Path, read: Callable[[Run], object] = lambda run: run.draws) -> tuple[str, str]:
    """Return what is wrong with a run folder and in which file."""
    with pytest.raises(InputError) as raised:
        read(load_run(folder))
    (found,) = raised.value.problems
    return found.what, Path(found.file or "").name


@pytest.mark.parametrize("model", ["additive", "engagement"])
def test_a_run_comes_back_as_it_was(model: str, tmp_path: Path) -> None:
    run = small.believable(model)
    saved = save_run(run, tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES
    loaded = load_run(tmp_path / "run")
    assert loaded.manifest == saved.manifest
    assert loaded.spec == run.spec
    assert loaded.source.frame.equals(run.source.frame)
    assert loaded.source.tiers == run.source.tiers
    assert loaded.posterior.children.keys() == run.posterior.children.keys()
    for name, values in run.draws.items():
        assert np.array_equal(loaded.draws[name], values), name
    for group in ("log_likelihood", "posterior_predictive", "prior_predictive"):
        assert loaded.posterior[group].to_dataset().equals(run.posterior[group].to_dataset())
    assert loaded.effects().equals(run.effects())
    assert loaded.roi(unhealthy=True).equals(run.roi(unhealthy=True))


def test_levels_keep_their_names_in_the_file(folder: Path) -> None:
    with xr.open_datatree(folder / POSTERIOR, engine="h5netcdf") as tree:
        effect = tree["posterior"]["creator_effect"]
        assert effect.dims == ("chain", "draw", "creator")
        expected = small.believable("additive").design.groups["creator_id"].levels
        assert tuple(effect["creator"].to_numpy()) == expected


def test_a_run_is_named_by_its_folder(folder: Path) -> None:
    assert load_run(folder).name == "one"
    assert small.believable("additive").name == "additive"


@pytest.mark.parametrize("name", [POSTERIOR, TABLE, SPEC])
def test_a_deleted_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert problem(folder) == (f"{name} is missing from the run", name)


def test_every_missing_file_is_told_at_once(folder: Path) -> None:
    (folder / TABLE).unlink()
    (folder / SPEC).unlink()
    with pytest.raises(InputError) as raised:
        load_run(folder)
    assert len(raised.value.problems) == 2


@pytest.mark.parametrize("name", [POSTERIOR, TABLE, SPEC])
def test_an_altered_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    assert problem(folder) == (f"{name} was altered after the fit", name)


def test_an_altered_posterior_does_not_keep_the_rest_from_being_read(folder: Path) -> None:
    (folder / POSTERIOR).write_bytes(b"nothing")
    run = load_run(folder)
    assert run.check().height == len(run.manifest.health)
    assert problem(folder)[0] == f"{POSTERIOR} was altered after the fit"


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "{",
        lambda _: "[]",
        lambda text: text.replace('"seed"', '"seeds"'),
        lambda text: text.replace('"health"', '"wealth"'),
        lambda text: text.replace(f'"{TABLE}"', '"another"'),
        lambda text: json.dumps(json.loads(text) | {"hashes": None}),
    ],
    ids=["no JSON", "a list", "a key too many", "a key too few", "a hash too few", "no hashes"],
)
def test_a_manifest_that_cannot_be_read(folder: Path, change: Callable[[str], str]) -> None:
    file = folder / MANIFEST_FILE
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    assert problem(folder) == (f"{MANIFEST_FILE} cannot be read", MANIFEST_FILE)


def test_a_manifest_of_a_newer_release(folder: Path) -> None:
    file = folder / MANIFEST_FILE
    raw = json.loads(file.read_text(encoding="utf-8")) | {"format_version": FORMAT_VERSION + 1}
    file.write_text(json.dumps(raw), encoding="utf-8")
    assert problem(folder) == ("the run was written by a newer release", MANIFEST_FILE)


def test_a_newer_release_is_told_even_where_the_manifest_has_other_keys(folder: Path) -> None:
    file = folder / MANIFEST_FILE
    raw = json.loads(file.read_text(encoding="utf-8"))
    raw |= {"format_version": FORMAT_VERSION + 1, "novelty": 1}
    file.write_text(json.dumps(raw), encoding="utf-8")
    assert problem(folder) == ("the run was written by a newer release", MANIFEST_FILE)


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    assert problem(tmp_path)[0] == "the run folder has no manifest.json, so it is no run"
    assert problem(tmp_path / "nowhere")[0] == "the run folder does not exist"
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert problem(tmp_path / "file")[0] == "this is a file, no run folder"


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError("no space left on device")])
@pytest.mark.parametrize("overwrite", [False, True])
def test_saving_that_stops_halfway_leaves_nothing_or_the_old_run(
    stop: BaseException, overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, target = small.believable("additive"), tmp_path / "run"
    if overwrite:
        save_run(run, target)

    def halfway(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise stop

    monkeypatch.setattr(xr.DataTree, "to_netcdf", halfway)
    with pytest.raises(type(stop)):
        save_run(run, target, overwrite=overwrite)
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == (["run"] if overwrite else [])
    if overwrite:
        assert load_run(target).draws["log_rate"].tolist() == run.draws["log_rate"].tolist()


def test_a_replacement_that_cannot_be_put_in_place_leaves_the_old_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == "run":
            raise OSError("refused")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="refused"):
        save_run(small.believable("engagement"), folder, overwrite=True)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_run_is_replaced_whole_when_asked(folder: Path) -> None:
    save_run(small.believable("engagement"), folder, overwrite=True)
    assert load_run(folder).spec.name == "engagement"
    assert [path.name for path in folder.parent.iterdir()] == ["one"]


def test_what_stands_in_the_way_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the folder for the run exists already"):
        check_target(folder, overwrite=False)
    assert check_target(folder, overwrite=True) == folder
    assert check_target(tmp_path / "new", overwrite=False) == tmp_path / "new"
    precious = tmp_path / "thesis"
    precious.mkdir()
    with pytest.raises(InputError, match="not a run folder and will not be replaced"):
        check_target(precious, overwrite=True)


def test_a_fit_looks_at_its_target_before_anything_else(folder: Path) -> None:
    with pytest.raises(InputError, match="exists already"):
        fit("no such spec", "no such table", out=folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"draws": 49}, "draws is too small"),
        ({"tune": 0}, "tune is too small"),
        ({"chains": 1}, "chains is too small"),
        ({"target_accept": 1.0}, "target_accept is out of range"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit("additive", "no such table", **settings)  # type: ignore[arg-type]


def test_a_manifest_comes_back_from_json() -> None:
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert json.loads(MANIFEST.to_json())["set_aside"] == [
        {"post_id": "P0007", "reason": "no reach"}
    ]


@pytest.mark.parametrize(("status", "healthy"), [("pass", True), ("warn", True), ("fail", False)])
def test_only_a_failure_makes_a_run_unhealthy(status: str, healthy: bool) -> None:
    text = json.loads(MANIFEST.to_json())
    text["health"] = [text["health"][0] | {"status": status}]
    assert Manifest.from_json(json.dumps(text)).healthy is healthy


def test_the_spec_in_the_folder_is_the_one_that_was_stated(tmp_path: Path) -> None:
    """What the table could not support is told in ``absent``, not taken out of the spec."""
    lacking = tiny.run(tiny.table().drop("comments"))
    save_run(lacking, tmp_path / "run")
    assert (tmp_path / "run" / SPEC).read_text(encoding="utf-8") == to_toml(tiny.ADDITIVE)
    assert load_run(tmp_path / "run").design.spec.mean != tiny.ADDITIVE.mean
