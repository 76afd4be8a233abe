"""The doctor finds what is there and what is not, and says what to do."""

import json
import shutil
import subprocess
import sys
from functools import cache

import pytest

from brianmem import __main__, cuda_toolkit, doctor, gpu
from brianmem.backends import check_backend
from brianmem.compiled.cache import kept
from brianmem.errors import InputError


@cache
def tried_before(command, name, text, really_tried=doctor._tried):
    return really_tried([*command], name, text)


@pytest.fixture(autouse=True)
def once(monkeypatch):
    """What is compiled to try a compiler takes seconds, and does the same in each test."""
    monkeypatch.setattr(doctor, "_tried", lambda c, name, text: tried_before(tuple(c), name, text))


def found(subject):
    [finding] = [finding for finding in doctor.examine() if finding.subject == subject]
    return finding


@pytest.fixture
def machine(monkeypatch):
    """A function that makes this machine look as if it had these programs, and this output."""
    really_tried = doctor._tried

    def pretend(nvcc=None, smi="", capability="9.0", complaint="", kernel="", **programs):
        told = {"--version": f"release {nvcc}, V{nvcc}", "--list-gpu-code": "sm_80\nsm_90\n"}

        def nvidia_smi(*options):
            return f"A, 1, {capability}" if "name" in "".join(options) else capability

        def tried(command, name, text):
            if not name.endswith(".cu"):
                return really_tried(command, name, text)
            return complaint, None if complaint else kernel

        monkeypatch.setattr(doctor.shutil, "which", lambda name: programs.get(name))
        monkeypatch.setattr(cuda_toolkit, "_nvcc", lambda option: told[option] if nvcc else "")
        monkeypatch.setattr(
            cuda_toolkit, "toolkit", lambda: doctor.Path("/toolkit") if nvcc else None
        )
        monkeypatch.setattr(gpu, "_nvidia_smi", lambda *o: nvidia_smi(*o) if o else smi)
        monkeypatch.setattr(doctor, "_tried", tried)

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
    assert found("C++ compiler").status == doctor.LACKING
    assert found("C++ compiler").advice.endswith("install g++, or name another with CXX")
    assert found("make").found == "not found"
    assert found("backend cython").advice.startswith("needs a C++ compiler (there is no g++;")


def test_a_compiler_that_fails(machine, tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
    broken.chmod(0o755)
    machine(**{"g++": str(broken)})
    assert found("C++ compiler").status == doctor.WRONG
    assert found("C++ compiler").found.endswith("cannot compile: it is broken")


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
def test_the_registers_in_use():
    assert found("registers").status == doctor.GOOD
    assert found("registers").found in (
        "AVX-512, 64 bytes",
        "AVX2, 32 bytes",
        "SSE2, 16 bytes",
        "NEON, 16 bytes",
    )


def test_a_processor_whose_registers_are_not_known(machine, monkeypatch):
    machine(**{"g++": sys.executable})
    monkeypatch.setattr(doctor, "_tried", lambda *_: ("", "none known, 16 bytes"))
    assert found("registers").status == doctor.LACKING
    assert "several times as long" in found("registers").advice


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


DRIVERS = [
    ("CUDA Version: 12.4", doctor.WRONG),
    ("CUDA Version: 13.0", doctor.GOOD),
    ("CUDA UMD Version: 12.9", doctor.WRONG),
    ("CUDA UMD Version: 13.3", doctor.GOOD),
]


@pytest.mark.parametrize(("told", "status"), DRIVERS)
@pytest.mark.parametrize("nvcc", ["13.0", "13.2"])
def test_a_driver_has_to_know_the_toolkits_major_version(machine, nvcc, told, status):
    machine(nvcc=nvcc, smi=f"| {told}   |", **{"nvidia-smi": "smi"})
    assert found("driver").status == status
    assert (cuda_toolkit.missing_to_run() is None) == (status == doctor.GOOD)
    if status == doctor.WRONG:
        assert "a driver for CUDA 13, of which" in found("driver").advice
        assert f"up to {told[-4:]}): update the driver" in found("driver").advice


@pytest.mark.parametrize(("capability", "known"), [("8.0", True), ("7.0", False), ("10.0", False)])
def test_a_toolkit_has_to_compile_for_the_gpu(machine, capability, known):
    machine(nvcc="13.0", capability=capability, **{"nvidia-smi": "smi"})
    assert found("GPU").status == (doctor.GOOD if known else doctor.WRONG)
    assert (cuda_toolkit.missing_to_run() is None) == known
    if not known:
        lacking = f"compiles for compute capability {capability}, as this GPU has"
        assert lacking in found("GPU").advice
        assert lacking in cuda_toolkit.missing_to_run()


def test_a_kernel_is_tried(machine):
    machine(nvcc="13.0", **{"nvidia-smi": "smi"})
    assert found("nvcc").found == "CUDA 13.0 in /toolkit, compiles"
    assert found("GPU").found == "A, 1, 9.0: runs a program"
    machine(nvcc="13.0", kernel="no such kernel image", **{"nvidia-smi": "smi"})
    assert found("GPU").status == doctor.WRONG
    assert found("GPU").found == "A, 1, 9.0: cannot run a program: no such kernel image"
    machine(nvcc="13.0", complaint="unsupported GNU version", **{"nvidia-smi": "smi"})
    assert found("nvcc").status == doctor.WRONG
    assert found("nvcc").found.endswith("in /toolkit cannot compile: unsupported GNU version")
    assert found("GPU").found == "A, 1, 9.0"


@pytest.mark.nvcc
def test_nvcc_compiles_the_kernel_that_is_tried():
    if cuda_toolkit.toolkit() is None:
        pytest.skip("there is no nvcc")
    assert found("nvcc").found.endswith("compiles")
    command = [str(cuda_toolkit.toolkit() / "bin" / "nvcc"), *cuda_toolkit.NVCC_FLAGS]
    complaint, why_not = doctor._tried(command, "doctor.cu", doctor.KERNEL)
    assert complaint == ""
    # Without a driver CUDA says that it is too old.
    assert why_not == "" if gpu.names() else "CUDA" in why_not


def test_compiled_files_are_counted_and_how_to_delete_them(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not there"))
    assert found("compiled files").found == "0 files, 0 MB"
    made = kept("programs", "one", lambda path: path.write_bytes(bytes(3 * 2**20)))
    finding = found("compiled files").found
    assert finding == f"1 files, 3 MB; to delete them: rm -r '{tmp_path}/not there/brianmem'"
    subprocess.run(finding.partition(": ")[2], shell=True, check=True)
    assert not made.exists()
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found("compiled files").status == doctor.WRONG


def test_what_a_gpu_needs_is_told_in_a_sentence(monkeypatch):
    for missing in ("missing_to_generate", "missing_to_compile", "missing_to_run"):
        monkeypatch.setattr(cuda_toolkit, missing, lambda: None)
    check_backend("cuda_standalone")
    monkeypatch.setattr(cuda_toolkit, "missing_to_run", lambda: "a GPU")
    message = "backend cuda_standalone needs a GPU: install it, or use another"
    with pytest.raises(InputError, match=message):
        check_backend("cuda_standalone")
