"""Weights of pretrained networks, from the files that their providers publish.

``table``      what each file is, where it can be had and what must be in it, as declared in a YAML file
``reading``    a file of torch or Keras to matrices, without executing anything in it
``retrieval``  all of it together: ``obtain_weights``
``backbones``  all parameters of a network, the first of several that can be had: ``obtain_backbone``

Nothing is imported here, so that the table can be read without the means of downloading.
"""
