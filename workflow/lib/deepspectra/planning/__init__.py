"""What is computed from what, and what it costs: plain functions of the settings, free of Snakemake.

``binding``   functions of settings as Snakemake wants them: functions of wildcards
``items``     files behind a figure or table, and its small print
``networks``  which networks are trained, how, and on what
``spectra``   weight matrices, Hessians and kernels: their names, shapes and parameters
``my_networks``  checkpoints of the user's own
``costs``     memory, time and disk of the large jobs
``code``      modules that a job loads by name, for its rerun digest
``checks``    files of the user's own, before anything is planned
"""
