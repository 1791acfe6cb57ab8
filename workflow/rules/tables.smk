"""Tables of the papers, one rule each, since a table has the files that its item names."""

for paper in PAPERS:
    for item in items.table_items(paper):

        rule:
            name:
                f"make_{paper}_{item}"
            input:
                # Without names: scripts hand the named ones to the table's function.
                [
                    shipped(f"workflow/lib/deepspectra/report/{name}")
                    for name in ("table.html", "cells.html", "style.css")
                ],
                unpack(plan(items.inputs, paper=paper, item=item)),
            output:
                csv=items.table_files(paper, item, "csv"),
                md=items.table_files(paper, item, "md"),
                json=items.table_files(paper, item, "json"),
                html=report(
                    items.table_files(paper, item, "html"),
                    category=items.paper_name(paper),
                    caption="../report/table.rst",
                    labels=labels_of(item, "html"),
                ),
            log:
                f"results/{{scale}}/logs/make_table/{paper}_{item}.log",
            benchmark:
                f"results/{{scale}}/benchmarks/{paper}_{item}/make_table.tsv"
            conda:
                "../../envs/workflow.yaml"
            resources:
                mem_mb=plan.grow(1000),
                runtime=plan.grow(15),
            params:
                # Paths, which templates of Snakemake's report can read; no part of the result.
                text=lambda wildcards, output: [Path(file) for file in output.md],
                paper=paper,
                numbers=items.attribute(paper, item, "numbers"),
                parameters=plan(items.parameters, paper=paper, item=item),
                scale_note=plan(items.scale_note, paper=paper, item=item),
                code=code("make_table", items.numbers_modules, paper=paper, item=item),
            script:
                "../scripts/make_table.py"
