"""The record described for machines and for other checkers: RO-Crate metadata and the manifest of a CODECHECK.

RO-Crate 1.1 (Soiland-Reyes et al., Data Science 5, 2022) with the terms of its profile for workflow runs; CODECHECK's
configuration 1.0 (Nüst and Eglen, F1000Research 10:253, 2021). Both are made from the files of the record alone.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deepspectra.papers.registry import PAPERS, items_of, name_of
from deepspectra.runtime.store import file_hash

__all__ = ["CODECHECK", "CRATE", "codecheck", "crate"]

CRATE, CODECHECK = "ro-crate-metadata.json", "codecheck.yml"
_CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
]
_TYPES = {".csv": "text/csv", ".md": "text/markdown", ".json": "application/json", ".html": "text/html"}
_COMMAND = "uv run snakemake --cores 2 record"


def crate(folder: Path, items: Mapping[str, Mapping[str, Any]], citation: Mapping[str, Any], date: str) -> str:
    """RO-Crate metadata of a record's folder, as JSON.

    Every file stands with its size and SHA-256, and every finished item with what made it: settings, software, seconds
    of one core, and the hashes of what it was made from, which are too large to be kept.

    :param items: those of :func:`deepspectra.report.record.read_record`. :param citation: content of ``CITATION.cff``.
    :param date: of publication, ISO 8601.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (CRATE, CODECHECK))
    files = [_file(path, folder) for path in paths]
    papers = {key: _paper(key, citation) for key in PAPERS}
    software = {(name, version) for item in items.values() for name, version in item["software"].items()}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{citation['title']}: tables of finished runs at published sizes",
        "description": f"What figures, tables and claims are drawn from, compressed. `{_COMMAND}` draws all of it.",
        "datePublished": date,
        "license": {"@id": f"https://spdx.org/licenses/{citation['license']}"},
        "hasPart": [{"@id": file["@id"]} for file in files],
        "mentions": [{"@id": _action(name)} for name in sorted(items)],
        "about": [{"@id": paper["@id"]} for paper in papers.values()],
    }
    about = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    workflow = {
        "@id": "#workflow",
        "@type": ["SoftwareSourceCode", "ComputationalWorkflow"],
        "name": citation["title"],
        "version": citation["version"],
        "programmingLanguage": {"@id": "#snakemake"},
    }
    language = {"@id": "#snakemake", "@type": "ComputerLanguage", "name": "Snakemake"}
    versions = [
        {"@id": f"#{name}-{version}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in sorted(software)
    ]
    actions = [entry for name in sorted(items) for entry in _actions(name, items[name], papers, files)]
    graph = [about, root, workflow, language, *versions, *papers.values(), *actions, *files]
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _file(path: Path, folder: Path) -> dict[str, Any]:
    inner = Path(path.name.removesuffix(".gz"))
    kinds = ["application/gzip", _TYPES[inner.suffix]] if path.suffix == ".gz" else _TYPES[path.suffix]
    return {
        "@id": path.relative_to(folder).as_posix(),
        "@type": "File",
        "encodingFormat": kinds,
        "contentSize": str(path.stat().st_size),
        "sha256": file_hash(path),
    }


def _reference(key: str, citation: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(entry for entry in citation["references"] if entry["notes"] == f"key {key}")


def _paper(key: str, citation: Mapping[str, Any]) -> dict[str, Any]:
    entry = _reference(key, citation)
    authors = ", ".join(f"{author['given-names']} {author['family-names']}" for author in entry["authors"])
    return {
        "@id": entry["url"],
        "@type": "ScholarlyArticle",
        "name": entry["title"],
        "creditText": authors,
        "datePublished": str(entry["year"]),
    }


def _action(name: str) -> str:
    return f"#make-{name.replace('/', '-')}"


def _actions(
    name: str, item: Mapping[str, Any], papers: Mapping[str, Mapping[str, Any]], files: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """How an item was made, and the files that were not kept by their hashes."""
    paper, _, key = name.partition("/")
    tables = [f"statistics/{paper}/{key}{part}." for part in ("", "_curves")]
    tables += [f"tables/{paper}/{table}." for table in items_of(paper)[key].tables or (key,)]
    sources = [
        {"@id": f"#{source}", "@type": "File", "name": source, "sha256": digest}
        for source, digest in item["made_from"].items()
    ]
    action = {
        "@id": _action(name),
        "@type": "CreateAction",
        "name": f"{name_of(key)}: {items_of(paper)[key].title}",
        "description": f"{item['scale']} {item['core_seconds']:g} seconds of one core, {item['peak_memory_mb']} MB.",
        "instrument": {"@id": "#workflow"},
        "object": [{"@id": source["@id"]} for source in sources],
        "result": [{"@id": file["@id"]} for file in files if file["@id"].startswith(tuple(tables))],
        "subjectOf": {"@id": papers[paper]["@id"]},
    }
    return [action, *sources]


def codecheck(items: Mapping[str, Mapping[str, Any]], citation: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a CODECHECK of the four papers: which files a checker makes and compares, and how."""
    manifest = []
    for name in items:
        paper, _, key = name.partition("/")
        entry = items_of(paper)[key]
        folder = "figures" if entry.drawing else "tables"
        for file in [f"{key}.pdf"] if entry.drawing else [f"{table}.md" for table in entry.tables or (key,)]:
            comment = f"{PAPERS[paper].name}, {name_of(key)}: {entry.title}"
            manifest.append({"file": f"results/recorded/{folder}/{paper}/{file}", "comment": comment})
    order = list(PAPERS)
    manifest.sort(key=lambda one: (order.index(one["file"].split("/")[3]), one["file"]))
    references = [_reference(key, citation) for key in PAPERS]
    return {
        "version": "https://codecheck.org.uk/spec/config/1.0/",
        "paper": [
            {
                "title": entry["title"],
                "authors": [
                    {"name": f"{author['given-names']} {author['family-names']}"} for author in entry["authors"]
                ],
                "reference": entry["url"],
            }
            for entry in references
        ],
        "manifest": manifest,
        "codechecker": [{"name": author["name"]} for author in citation["authors"]],
        "summary": f"`{_COMMAND}` makes the files of the manifest from the tables that are kept here, without data and "
        f"without training. With `--config scale=record`, and without `record`, all is made anew from the data.",
    }
