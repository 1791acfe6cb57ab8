"""Data sets as canonical arrays, the same to the bit whichever source served them.

``table``      what each data set is and where it can be had, as declared in a YAML file
``downloads``  one source into one folder, with time-outs, retries and a progress bar
``archives``   members of archives and folders, by name, read into memory and never extracted
``formats``    bytes to arrays (``images``, ``bike`` and ``states`` hold the readers themselves)
``retrieval``  all of them together: ``obtain``

Nothing is imported here, so that the table can be read without the means of downloading.
"""
