"""The record: tables of finished runs at published sizes, from which everything is drawn without data or training."""


rule unpack_record:
    """Every table of the record as the run wrote it."""
    input:
        index=shipped("resources/record/record/items.json"),
        tables=[shipped(f"resources/record/record/{name}.gz") for name in sorted(KEPT.names)],
    output:
        [f"results/recorded/{name}" for name in sorted(KEPT.names)],
    log:
        "results/recorded/logs/unpack_record.log",
    benchmark:
        "results/recorded/benchmarks/record/unpack_record.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(500),
        runtime=plan.grow(5),
    params:
        code=code("unpack_record"),
    script:
        "../scripts/unpack_record.py"
