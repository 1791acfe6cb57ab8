"""Downloads: data sets, pretrained weights and backbones, through one retrieval that checks hashes.

``tables``      what each file is and where to get it, as declared in resources/*.yaml
``retrieval``   your own folder first, then source after source: :class:`Retriever`
``downloads``   one source into one folder, with time-outs, retries and a progress bar
``members``     named members of archives and folders, read into memory and never extracted
``formats``     bytes to arrays (readers: ``images``, ``bike``, ``matrices``)
``matrices``    parameters of networks from files of torch or Keras, executing nothing in them
``fetching``    what the rules fetch: a data set, weights or a backbone into one HDF5 file
"""
