"""What a batch's curvature is a function of: its trainable parameters. And what makes it wrong in silence, refused."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.func import functional_call

from deepspectra.runtime.errors import UserError

__all__ = ["check_batch", "check_evaluation", "check_labels", "check_layers", "is_as_made", "outputs_at"]
__all__ += ["same_up_to_rounding", "trainable_parameters"]

# Two passes through a network, or two ways to the same gradient, agree up to this many roundings.
_ROUNDINGS = 1e3


def trainable_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that a curvature is in, by name: those that require gradients, a tied one under its first name.

    :raises UserError: if there is none.
    """
    found = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if not found:
        raise UserError(
            f"no parameter of this {type(model).__name__} is trainable, so that it has no curvature; call "
            "requires_grad_() on those that it is meant in."
        )
    return found


def outputs_at(model: nn.Module, inputs: torch.Tensor, values: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Outputs at other values of the parameters in :func:`trainable_parameters`, wherever each is used.

    torch's own way to tie parameters spoils a model that has one layer in two places.
    """
    names = {id(model.get_parameter(name)): name for name in values}
    places = {
        f"{prefix}.{name}" if prefix else name: values[names[id(parameter)]]
        for prefix, module in model.named_modules()
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False)
        if id(parameter) in names
    }
    return functional_call(model, places, (inputs,), tie_weights=False)


def check_batch(model: nn.Module, inputs: torch.Tensor, dtype: torch.dtype | None = torch.float64) -> torch.Tensor:
    """The outputs of a batch, without a graph.

    :param dtype: that the parameters and all inputs that are not indices must have; None for any.
    :raises UserError: if a spectrum of this batch would be wrong: precision, training mode, no samples, outputs that
        are not of shape (batch, outputs), or that a second pass changes; layers whose gradients are not those of their
        function.
    """
    check_evaluation(model)
    used = {parameter.dtype for parameter in model.parameters()}
    used |= {inputs.dtype} if inputs.is_floating_point() else set()
    if dtype and used != {dtype}:
        raise UserError("a resolved spectrum needs weights and inputs in float64: float32 is full of rounding noise.")
    if len(inputs) == 0:
        raise UserError("a batch needs samples; there are 0.")
    check_layers(model)
    with torch.no_grad():
        outputs, again = model(inputs), model(inputs)
    if outputs.dim() != 2 or len(outputs) != len(inputs):
        raise UserError(
            f"a network's outputs must have the shape (batch, outputs), here ({len(inputs)}, outputs); it gives "
            f"{tuple(outputs.shape)}."
        )
    if not same_up_to_rounding(outputs, again) and bool(torch.isfinite(outputs).all()):
        raise UserError("two passes of the same batch differ: the network draws random numbers in evaluation mode.")
    return outputs


def check_layers(model: nn.Module) -> None:
    """:raises UserError: if gradients of a layer are not those of its function."""
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Embedding) and (layer.max_norm or layer.scale_grad_by_freq or layer.sparse):
            raise UserError(
                f"layer {name} (Embedding) has max_norm, scale_grad_by_freq or sparse gradients; its curvature is "
                "known without them only."
            )


def check_evaluation(model: nn.Module) -> None:
    """:raises UserError: if a part of the model is in training mode."""
    if training := [name or type(model).__name__ for name, module in model.named_modules() if module.training]:
        raise UserError(f"curvature is that of a network in evaluation mode, and {training[0]} is not; call eval().")


def check_labels(outputs: torch.Tensor, labels: torch.Tensor) -> None:
    """:raises UserError: if labels are not whole numbers that name an output."""
    if labels.dtype != torch.int64 or int(labels.min()) < 0 or int(labels.max()) >= outputs.shape[1]:
        raise UserError(f"labels must be int64 from 0 to {outputs.shape[1] - 1}.")


def is_as_made(layer: nn.Module, *kinds: type[nn.Module]) -> bool:
    """Whether a module is exactly of one of these classes of torch, and nothing was added to it that changes what it
    computes: no hook, no forward of its own, no parameter but weight and bias (as pruning and weight normalisation
    leave)."""
    hooks = (layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks, layer._backward_pre_hooks)
    own = {name for name, _ in layer.named_parameters(recurse=False)}
    return type(layer) in kinds and not any(hooks) and "forward" not in vars(layer) and own <= {"weight", "bias"}


def same_up_to_rounding(one: torch.Tensor, other: torch.Tensor, scale: float = 0.0) -> bool:
    """Whether two tensors have one shape and differ by at most a thousand roundings of their norm, or of ``scale``."""
    if one.shape != other.shape:
        return False
    one, other = one.detach(), other.detach()
    size = max(float(one.norm()), float(other.norm()), scale)
    return float((one - other).norm()) <= _ROUNDINGS * torch.finfo(one.dtype).eps * size
