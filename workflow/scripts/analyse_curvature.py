"""Densities, unfolded spacings and ratios of one curvature spectrum, as published and resolved (baskerville2022)."""

import numpy as np
import pandas as pd

from deepspectra.papers.baskerville2022 import curvature_statistics as statistics
from deepspectra.runtime import store
from deepspectra.runtime.files import write_table
from deepspectra.runtime.job import job

RESOLVED = {"eigenvalues": ("levels",)} | dict.fromkeys(("lengths", "bounds", "left_out", "unresolved"), ("matrices",))


def read_resolved(paths: list[str]) -> tuple[list[np.ndarray], dict[str, np.ndarray], int]:
    """Eigenvalues of every matrix, what else is known of it, and the number of parameters."""
    files = [store.read(path, RESOLVED) for path in paths]
    spectra = [part for file in files for part in np.split(file["eigenvalues"], np.cumsum(file["lengths"])[:-1])]
    known = {name: np.concatenate([file[name] for file in files]) for name in ("bounds", "left_out", "unresolved")}
    return spectra, known, files[0].attributes["parameters"]["parameters"]


def read_published(paths: list[str]) -> list[np.ndarray]:
    """All eigenvalues of every matrix."""
    return [store.read(path, {"eigenvalues": ("parameters",)})["eigenvalues"] for path in paths]


with job(snakemake.log[0], snakemake.threads):
    share, seed = snakemake.params.curvature["unfolded_share"], snakemake.params.curvature["seed"]
    resolved, known, parameters = read_resolved(snakemake.input.resolved)
    published = read_published(snakemake.input.published)
    edges = statistics.density_edges(resolved, parameters)

    def unfolded(series: str, statistic: str, spectra: list[np.ndarray]) -> tuple[list, list]:
        """Rows and numbers of unfolded spacings, and of random matrices that are unfolded alike."""
        found = statistics.unfold_batches(spectra, share, seed)
        reference = statistics.reference_unfolding(len(spectra), share, seed)
        rows = statistics.spacing_rows(series, statistic, found)
        rows += statistics.spacing_rows(series, f"{statistic} reference", reference)
        return rows, statistics.unfolding_numbers(series, statistic, spectra, found, reference)

    curves = statistics.density_rows("resolved", "batch", resolved, parameters, edges)
    curves += statistics.ratio_rows("resolved", "batch", resolved)
    curves += statistics.rank_rows("resolved", "batch", resolved, seed)
    summary = statistics.spectrum_numbers("resolved", "batch", resolved, resolved, parameters, seed)
    summary += statistics.resolution_numbers("batch", known["bounds"], known["unresolved"], known["left_out"])
    if statistics.can_be_unfolded(resolved):
        rows, numbers = unfolded("resolved", "unfolded", resolved)
        curves, summary = curves + rows, summary + numbers

    if published:
        kept = statistics.above(published, statistics.RATIO_CUT)
        curves += statistics.density_rows("published", "batch", published, parameters, edges)
        curves += statistics.ratio_rows("published", "batch", kept)
        curves += statistics.rank_rows("published", "batch", kept, seed)
        summary += statistics.spectrum_numbers(
            "published", "batch", published, kept, parameters, seed, statistics.RATIO_CUT
        )
        for cut in (statistics.UNFOLDED_CUT, statistics.RATIO_CUT):
            summary += statistics.below_cut_numbers("published", published, cut)
        summary.append(statistics.semicircle_number("published", published))
    for statistic, cut in (("unfolded", statistics.UNFOLDED_CUT), ("unfolded without cut-off", 0.0)):
        kept = statistics.above(published, cut)
        if statistics.can_be_unfolded(kept):
            rows, numbers = unfolded("published", statistic, kept)
            curves, summary = curves + rows, summary + numbers

    if snakemake.input.resolved_whole:
        whole, known, _ = read_resolved(snakemake.input.resolved_whole)
        curves += statistics.ratio_rows("resolved", "whole", whole)
        curves += statistics.rank_rows("resolved", "whole", whole, seed)
        summary += statistics.spectrum_numbers("resolved", "whole", whole, whole, parameters, seed)
        summary += statistics.resolution_numbers("whole", known["bounds"], known["unresolved"], known["left_out"])
    if snakemake.input.published_whole:
        whole = read_published(snakemake.input.published_whole)
        cut = statistics.whole_cut(snakemake.params.data, snakemake.wildcards.state)
        kept = statistics.above(whole, cut)
        curves += statistics.ratio_rows("published", "whole", kept)
        curves += statistics.rank_rows("published", "whole", kept, seed)
        summary += statistics.spectrum_numbers("published", "whole", whole, kept, parameters, seed, cut)

    for rows, columns, path in (
        (curves, statistics.CURVES, snakemake.output.curves),
        (summary, statistics.SUMMARY, snakemake.output.summary),
    ):
        write_table(pd.DataFrame(rows, columns=columns), path, float_format="%.10g")
