"""The doctor finds what is there and what is not, and says what to do."""

import json

import pytest

from brianmem import __main__, cuda, doctor, gpu
from brianmem.backends import check_backend
from brianmem.errors import InputError


def found(subject):
    [finding] = [finding for finding in doctor.examine() if finding.subject == subject]
    return finding


@pytest.fixture
def machine(monkeypatch):
    """A function that makes this machine look as if it had these programs, and this output."""

    def pretend(nvcc=None, smi="", **programs):
        monkeypatch.setattr(doctor.shutil, "which", lambda name: programs.get(name))
        monkeypatch.setattr(cuda, "toolkit_version", lambda: nvcc)
        monkeypatch.setattr(cuda, "toolkit", lambda: doctor.Path("/toolkit") if nvcc else None)
        monkeypatch.setattr(
            gpu, "_nvidia_smi", lambda *options: smi if not options else "A, 1, 9.0"
        )

    return pretend


def test_json_is_what_is_printed(capsys):
    status = __main__.main(["doctor"])
    text = capsys.readouterr().out
    assert __main__.main(["doctor", "--json"]) == status
    findings = json.loads(capsys.readouterr().out)
    assert {"subject", "status", "found", "advice"} == set(findings[0])
    for finding in findings:
        assert finding["subject"] in text
        assert finding["advice"] in text
        assert finding["status"] == doctor.GOOD or finding["advice"]
    assert [f["found"] for f in findings if f["subject"] == "backend numpy"] == ["ready"]


def test_a_compiler_that_is_not_there(machine):
    machine()
    assert found("g++").status == doctor.LACKING
    assert found("g++").advice.endswith("use --backend numpy")
    assert found("make").found == "not found"
    assert found("backend cython").advice == "needs the C++ compiler g++"


def test_a_compiler_that_fails(machine, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
    broken.chmod(0o755)
    machine(**{"g++": str(broken)})
    assert found("g++").status == doctor.WRONG
    assert found("g++").found.endswith("cannot compile: it is broken")


def test_versions_that_conflict(monkeypatch, capsys):
    def version(name):
        return {"numpy": "1.0"}.get(name, "99.0")

    monkeypatch.setattr(doctor.metadata, "version", version)
    monkeypatch.setattr(
        doctor.metadata,
        "requires",
        lambda name: ["numpy>=2", "left-out; python_version < '3'", "extra; extra == 'more'"],
    )
    finding = found("brian2")
    assert finding.status == doctor.WRONG
    assert finding.found == "99.0, with numpy 1.0"
    assert finding.advice == "pip install 'numpy>=2'"
    assert __main__.main(["doctor"]) == 1


@pytest.mark.parametrize(
    ("driver", "status"), [("12.4", doctor.WRONG), ("13.0", doctor.GOOD), ("13.10", doctor.GOOD)]
)
def test_a_driver_has_to_know_the_toolkit(machine, driver, status):
    machine(nvcc="13.0", smi=f"| CUDA Version: {driver}   |", **{"nvidia-smi": "smi"})
    assert found("driver").status == status
    assert (cuda.missing_to_run() is None) == (status == doctor.GOOD)
    if status == doctor.WRONG:
        assert "knows CUDA up to 12.4): update the driver" in found("driver").advice


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not" / "there"))
    assert found("programs' cache").found.endswith("0 files, 0 MB")
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found("programs' cache").status == doctor.WRONG


def test_what_a_gpu_needs_is_told_in_a_sentence(monkeypatch):
    for missing in ("missing_to_generate", "missing_to_compile", "missing_to_run"):
        monkeypatch.setattr(cuda, missing, lambda: None)
    check_backend("cuda_standalone")
    monkeypatch.setattr(cuda, "missing_to_run", lambda: "a GPU")
    message = "backend cuda_standalone needs a GPU: install it, or use another"
    with pytest.raises(InputError, match=message):
        check_backend("cuda_standalone")
