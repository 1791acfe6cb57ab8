"""What `deepspectra cost` prints: the user's own settings, machines, how sure it is, and what is left of a run."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from deepspectra.cli import costs
from deepspectra.cli.__main__ import main
from deepspectra.papers.registry import PAPERS, items_of
from tests import ROOT

#: A plan in Snakemake's words: two trainings, of which one is large, and the figure that needs the other.
PLAN = """
[Sun Nov 29 15:09:41 2026]
rule train_network:
    output: results/{scale}/networks/mlp_mnist.h5, results/{scale}/networks/mlp_mnist_history.csv
    benchmark: results/{scale}/benchmarks/mlp_mnist.tsv
    wildcards: scale={scale}, network=mlp_mnist
    priority: 20
    resources: tmpdir=/tmp, gpu=1, mem_mb=2000
[Sun Nov 29 15:09:41 2026]
rule train_network:
    output: results/{scale}/networks/mlp512_seed1.h5, results/{scale}/networks/mlp512_seed1_history.csv
    benchmark: results/{scale}/benchmarks/mlp512.tsv
    wildcards: scale={scale}, network=mlp512_seed1
    priority: 20
    resources: tmpdir=/tmp, gpu=1, mem_mb=3000, disk_mb=70
[Sun Nov 29 15:09:41 2026]
rule fetch_dataset:
    output: resources/data/mnist.h5
    wildcards: dataset=mnist
    resources: tmpdir=/tmp
[Sun Nov 29 15:09:41 2026]
rule solve_limit_law:
    output: results/{scale}/limits/law.csv
    wildcards: scale={scale}, law=three_layers
    resources: tmpdir=/tmp
[Sun Nov 29 15:09:41 2026]
rule draw_figure:
    input: results/{scale}/networks/mlp_mnist.h5
    output: results/{scale}/figures/baskerville2022/figure_1.pdf
    benchmark: results/{scale}/benchmarks/draw.tsv
    wildcards: scale={scale}, paper=baskerville2022, item=figure_1
    resources: tmpdir=/tmp, mem_mb=1000
"""
#: 300 epochs of 60,000 samples: the published training of mlp_mnist, by the case and work of its law.
TABLE = """scale,rule,case,work,seconds,memory_mb,disk_mb,jobs
paper,train_network,"mlp of 3 layers, batch 128",{work},1002,800,5,1
preview,draw_figure,baskerville2022 figure_1,1,2,300,0.5,1
preview,snakemake,,1,1,0,0,200
"""
#: Per sample, from the architecture.
MNIST_WORK = 300 * 60_000 * (1e-4 + 3.5e-10 * 9960)


@pytest.fixture
def made(monkeypatch, tmp_path):
    """A checkout with those tables, and Snakemake's part played by the plan; calls are noted."""
    (tmp_path / "resources").mkdir()
    (tmp_path / "config").symlink_to(ROOT / "config")
    (tmp_path / "resources" / "weights.yaml").symlink_to(ROOT / "resources" / "weights.yaml")
    (tmp_path / "resources" / "job_costs.csv").write_text(TABLE.format(work=MNIST_WORK))
    (tmp_path / "resources" / "gpu_speeds.csv").write_text("rule,case,speed,basis\ntrain_network,,10,assumed\n")
    monkeypatch.chdir(tmp_path)
    calls = []

    def dry_run(folder, arguments):
        calls.append(arguments)
        (scale,) = {text.removeprefix("scale=") for text in arguments if text.startswith("scale=")}
        plan = PLAN.format(scale=scale)
        # What is left in the second call: the figure and the large network.
        return plan if "--forceall" in arguments else plan[plan.index("\n[", 10) :]

    monkeypatch.setattr(costs, "dry_run", dry_run)
    return tmp_path, calls


def hours(text, name):
    """Of a machine, or of a job by the file it makes."""
    time = r"([0-9.]+) (hours|minutes)"
    (found,) = re.findall(rf"^ +(?:{name} +{time}|{time} +\S*{name})", text, re.MULTILINE)
    number, unit = [*filter(None, found)]
    return float(number) / (1 if unit == "hours" else 60)


def test_a_measured_size_costs_what_was_measured_and_others_in_proportion(made, capsys):
    assert main(["cost", "--scale", "paper"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("At paper scale with 2 cores")
    assert hours(told, r"mlp_mnist\.h5") == pytest.approx(1002 / 3600, abs=0.01)
    assert f"{'mlp_mnist.h5'} (measured)" in told
    # From another kind: 100 epochs of 50,000 images, 2.1 million parameters.
    work = 100 * 50_000 * (1e-4 + 3.5e-10 * 2_103_818)
    assert hours(told, r"mlp512_seed1\.h5") == pytest.approx((2 + 1000 * work / MNIST_WORK) / 3600, abs=0.01)
    assert "mlp512_seed1.h5 (scaled 2.24 times, from another kind)" in told
    assert "Never measured, and not counted: solve_limit_law." in told
    assert "Downloads, once:" in told


def test_own_settings_count_and_reach_snakemake(made, capsys, tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("baskerville2022: {training: {epochs: 30}}\n")
    assert main(["cost", "--configfile", str(own), "--config", "scale=paper", "device=cpu"]) == 0
    assert hours(capsys.readouterr().out, r"mlp_mnist\.h5") == pytest.approx((2 + 100) / 3600, abs=0.01)
    (arguments,) = made[1]
    assert arguments == ["--forceall", "--configfile", str(own), "--config", "scale=paper", "device=cpu", "--", "all"]


def test_targets_are_snakemakes_and_only_what_they_make_is_told(made, capsys):
    assert main(["cost", "baskerville2022_figure_1", "--scale", "paper"]) == 0
    told = capsys.readouterr().out
    assert made[1][0][-2:] == ["--", "baskerville2022_figure_1"]
    assert re.findall(r"^(\w+_figure\w*|\w+_table\w*) ", told, re.MULTILINE) == ["baskerville2022_figure_1"]
    assert "Downloads, once: mnist (12 MB, 55 MB on disk)." in told


def test_a_target_that_only_downloads_computes_nothing(made, capsys, monkeypatch):
    (download,) = re.findall(r"rule fetch_dataset:.*?resources: \S+\n", PLAN, re.DOTALL)
    monkeypatch.setattr(costs, "dry_run", lambda folder, arguments: f"[now]\n{download}")
    assert main(["cost", "data", "--scale", "paper"]) == 0
    told = capsys.readouterr().out
    assert "Nothing to compute." in told
    assert "Downloads, once: mnist" in told


def test_a_path_of_another_scale_is_refused(made, capsys):
    assert main(["cost", "results/paper/figures/fan2020/figure_1.pdf"]) == 1
    assert capsys.readouterr().err == (
        "error: results/paper/figures/fan2020/figure_1.pdf does not belong to preview scale. Add --scale paper.\n"
    )
    assert main(["cost", "results/mine/report.html"]) == 1
    assert capsys.readouterr().err.endswith(" Add --config run=mine.\n")
    assert main(["cost", "results/paper/figures/baskerville2022/figure_1.pdf", "--scale", "paper"]) == 0


def test_paths_are_the_users_wherever_the_checkout_is(made, capsys, tmp_path, monkeypatch):
    folder = tmp_path / "elsewhere" / "run"
    (folder / "results" / "paper" / "benchmarks").mkdir(parents=True)
    (folder.parent / "mine.yaml").write_text("baskerville2022: {training: {epochs: 30}}\n")
    # In a folder below the checkout.
    monkeypatch.chdir(folder.parent)
    assert main(["cost", "--scale", "paper", "--configfile", "mine.yaml", "--directory", "run"]) == 0
    assert hours(capsys.readouterr().out, r"mlp_mnist\.h5") == pytest.approx((2 + 100) / 3600, abs=0.01)
    for arguments in made[1]:
        assert arguments[arguments.index("--configfile") + 1] == str(folder.parent / "mine.yaml")
        assert arguments[arguments.index("--directory") + 1] == str(folder)


def test_more_cores_and_gpus_take_less_down_to_the_longest_job(made, capsys):
    main(["cost", "--scale", "paper", "--cores", "1"])
    told = capsys.readouterr().out
    one, two, many, gpu = (hours(told, name) for name in ("1 cores", "2 cores", "16 cores", "16 cores and a GPU"))
    longest = hours(told, r"mlp512_seed1\.h5")
    assert one > two == many >= longest
    # Ten times as fast, one after the other.
    assert gpu == pytest.approx(one / 10, rel=0.05)
    # The figure's job was measured at another scale: what it asks for counts, not what it had there.
    assert re.search(r"baskerville2022_figure_1 +2 +16\.\d +1000 ", told)


def test_a_run_tells_what_is_left_and_how_fast_it_was(made, capsys):
    folder, calls = made
    benchmarks = folder / "results" / "paper" / "benchmarks"
    benchmarks.mkdir(parents=True)
    (benchmarks / "mlp_mnist.tsv").write_text("s\th:m:s\tmax_rss\n2004\t0:33:24\t900\n")
    main(["cost", "--scale", "paper"])
    told = capsys.readouterr().out
    assert [("--forceall" in arguments) for arguments in calls] == [True, False]
    assert "1 of 4 jobs are done: 0.56 hours of one core, 2.00 times what the model has for them." in told
    left, slower = map(float, re.search(r"Left: ([0-9.]+) hours with 2 cores, ([0-9.]+) at the speed", told).groups())
    assert left == pytest.approx(hours(told, r"mlp512_seed1\.h5"), abs=0.01)
    assert slower == pytest.approx(2 * left, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cores", "0"], "error: expected at least 1 core, found 0"),
        (["--config", "device=gpu"], "error: the configuration at preview scale has 1 mistake:"),
        (["--configfile", "none.yaml"], "error: configuration file none.yaml is missing"),
    ],
)
def test_mistakes_are_one_message_before_anything_is_planned(made, capsys, arguments, words):
    assert main(["cost", *arguments]) == 1
    told = capsys.readouterr()
    assert (told.out, made[1]) == ("", [])
    assert told.err.startswith(words)


def test_what_snakemake_refuses_is_told(tmp_path):
    (tmp_path / "Snakefile").write_text("rule all:\n    input: 'nothing.txt'\n")
    with pytest.raises(costs.UserError, match=r"Snakemake makes no plan:\n[\s\S]*nothing\.txt"):
        costs.dry_run(tmp_path, ["--", "all"])


def test_what_the_workflow_refuses_is_its_message():
    with pytest.raises(costs.UserError, match=r"^no rule makes fan2020_figure_22\. Did you mean fan2020_figure_2\? .*"):
        costs.dry_run(ROOT, ["--", "fan2020_figure_22"])
    with pytest.raises(costs.UserError, match=r"has 1 mistake:\n  - figure: unknown key") as caught:
        costs.dry_run(ROOT, ["--config", "figure=1", "--", "all"])
    assert "File" not in str(caught.value)


def test_recorded_jobs_are_of_rules_that_exist():
    table = costs.read_job_costs(ROOT)
    assert list(table) == ["scale", "rule", "case", "work", "seconds", "memory_mb", "disk_mb", "jobs"]
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    tables = {f"make_{paper}_{item}" for paper in PAPERS for item in items_of(paper) if item.startswith("table")}
    known = set(re.findall(r"^ *rule (\w+):", rules, re.MULTILINE)) | tables | {costs.OVERHEAD}
    assert set(table.rule) <= known
    assert not table.duplicated(["scale", "rule", "case", "work"]).any()
    speeds = pd.read_csv(ROOT / "resources" / "gpu_speeds.csv", keep_default_na=False)
    assert set(speeds.rule) <= known
    assert (speeds.speed > 0).all()
