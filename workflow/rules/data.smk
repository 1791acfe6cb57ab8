"""Data stage: registry or official source -> canonical arrays, checked by their hashes; images -> features."""


rule data:
    """Download all data sets and do nothing else: for clusters whose compute nodes have no network."""
    input:
        expand("resources/data/{dataset}.h5", dataset=DATASETS),
        expand("resources/weights/{network}.h5", network=WEIGHTS),
        "resources/backbones/imagenet.h5",


rule fetch_dataset:
    """One data set from the first source that answers; which one served does not change a byte of the file."""
    output:
        "resources/data/{dataset}.h5",
    log:
        "resources/logs/fetch_dataset/{dataset}.log",
    benchmark:
        "resources/benchmarks/fetch_dataset/{dataset}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2000),
        disk_mb=1500,
        runtime=by_attempt(60),
    params:
        # The entry of the table, so that a data set is fetched anew when its own entry changes and not another's. It has
        # the hash of every array: whatever the code, a file holds them or is not written.
        dataset=lambda wildcards: DATASETS[wildcards.dataset].model_dump(mode="json"),
        # No digest of the code here and below: nobody's weights are to be deleted and fetched again, perhaps in vain,
        # since a message was edited. Raise it with an edit that makes other arrays of the same file.
        version=1,
    script:
        "../scripts/fetch_dataset.py"


rule fetch_weights:
    """Weight matrices of one pretrained network; where they cannot be had the file says so, and figures do without.

    Delete it to have them looked for again.
    """
    input:
        # Your own file, if the configuration names one: new content makes the rest anew.
        lambda wildcards: [
            str(Path(file).expanduser()) for file in [RUN.thamm2024.pretrained[wildcards.network].file] if file
        ],
    output:
        "resources/weights/{network}.h5",
    log:
        "resources/logs/fetch_weights/{network}.log",
    benchmark:
        "resources/benchmarks/fetch_weights/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(2500),
        disk_mb=1500,
        runtime=by_attempt(60),
    params:
        entry=lambda wildcards: WEIGHTS[wildcards.network].model_dump(mode="json"),
        own_file=lambda wildcards: RUN.thamm2024.pretrained[wildcards.network].file,
        version=1,
    script:
        "../scripts/fetch_weights.py"


rule fetch_backbone:
    """All parameters of the network whose features images are given: the first of the table that can be had.

    Delete it to have the others looked for again.
    """
    output:
        "resources/backbones/imagenet.h5",
    log:
        "resources/logs/fetch_backbone/imagenet.log",
    benchmark:
        "resources/benchmarks/fetch_backbone/imagenet.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        mem_mb=by_attempt(1500),
        disk_mb=500,
        runtime=by_attempt(30),
    params:
        table={name: entry.model_dump(mode="json") for name, entry in BACKBONES.items()},
        backbone=RUN.baskerville2022.features.backbone,
        version=1,
    script:
        "../scripts/fetch_backbone.py"


rule embed_images:
    """CIFAR-10 images as features, in parts that a job that was killed goes on from."""
    input:
        data="resources/data/cifar10.h5",
        backbone="resources/backbones/imagenet.h5",
    output:
        "results/{scale}/features/cifar10.h5",
    log:
        "results/{scale}/logs/embed_images/cifar10.log",
    benchmark:
        "results/{scale}/benchmarks/embed_images/cifar10.tsv"
    conda:
        "../../envs/workflow.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=embedding_memory,
        disk_mb=embedding_disk,
        runtime=embedding_minutes,
    params:
        # Not the backbone that is asked for: the file says which one it is.
        settings=parameters("baskerville2022.features", "images", "test_images", "seed"),
        # Not among the outputs, which Snakemake deletes when a job fails.
        parts="results/{scale}/checkpoints/features",
        code=code_digest("embed_images"),
    script:
        "../scripts/embed_images.py"
