"""Trained weights from files of any common format, one tensor at a time; nothing in a file is executed."""

from deepspectra.data.checkpoints.opening import checkpoint_files, open_checkpoint
from deepspectra.data.checkpoints.stored import Checkpoint, StoredTensor

__all__ = ["Checkpoint", "StoredTensor", "checkpoint_files", "open_checkpoint"]
