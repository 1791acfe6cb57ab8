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
    resources:
        mem_mb=plan.grow(2000),
        disk_mb=1500,
        runtime=plan.grow(60),
    params:
        # One entry of the table: another data set's does not matter. It holds the hash of every array, so that the file
        # is right or is not written, whatever the code.
        dataset=plan(networks.dataset_entry),
        # Instead of a digest of the code, here and below: an edited message must not delete gigabytes that perhaps
        # cannot be fetched again. Raise it with an edit that makes other arrays of the same file.
        version=1,
    script:
        "../scripts/fetch_dataset.py"


rule fetch_weights:
    """Weight matrices of one pretrained network; where they cannot be had the file says so, and figures do without.

    Delete it to have them looked for again.
    """
    input:
        # Your own file, if the settings name one.
        plan(networks.own_weights, chosen=SETTINGS[SCALE]),
    output:
        "resources/weights/{network}.h5",
    log:
        "resources/logs/fetch_weights/{network}.log",
    benchmark:
        "resources/benchmarks/fetch_weights/{network}.tsv"
    conda:
        "../../envs/workflow.yaml"
    resources:
        mem_mb=plan.grow(2500),
        disk_mb=1500,
        runtime=plan.grow(60),
    params:
        entry=plan(networks.pretrained_entry),
        own_file=plan(networks.own_weights_setting, chosen=SETTINGS[SCALE]),
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
    resources:
        mem_mb=plan.grow(1500),
        disk_mb=500,
        runtime=plan.grow(30),
    params:
        table={name: entry.model_dump(mode="json") for name, entry in BACKBONES.items()},
        backbone=SETTINGS[SCALE].baskerville2022.features.backbone,
        version=1,
    script:
        "../scripts/fetch_backbone.py"


rule embed_images:
    """CIFAR-10 images as features, in parts from which a killed job goes on."""
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
    resources:
        gpu=GPU,
        mem_mb=plan.grow(costs.embedding_memory),
        disk_mb=plan.grow(costs.embedding_disk),
        runtime=plan.grow(costs.embedding_minutes),
    params:
        # Not the backbone that the settings ask for: the file says which one it is.
        settings=plan(networks.embedding_settings),
        code=code("embed_images", networks.backbone_modules),
    script:
        "../scripts/embed_images.py"
