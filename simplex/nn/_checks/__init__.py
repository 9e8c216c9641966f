"""What layers and networks refuse, and in which words."""

from simplex.nn._checks.activations import (
    Activation as Activation,
    known_odd as known_odd,
    parity_activations as parity_activations,
    require_odd as require_odd,
    require_oriented as require_oriented,
)
from simplex.nn._checks.cochains import (
    require_cochain as require_cochain,
    require_cochains as require_cochains,
    require_complex as require_complex,
    require_list as require_list,
    require_read as require_read,
    require_values as require_values,
)
from simplex.nn._checks.settings import (
    MOST_CHANNELS as MOST_CHANNELS,
    require_adjacencies as require_adjacencies,
    require_dims as require_dims,
    require_flags as require_flags,
    require_functions as require_functions,
    require_modules as require_modules,
    require_orders as require_orders,
    require_positive as require_positive,
    require_rates as require_rates,
    require_room as require_room,
    require_sizes as require_sizes,
)
from simplex.nn._checks.signs import (
    require_flows as require_flows,
    require_orientation as require_orientation,
    require_signs as require_signs,
)
from simplex.nn._checks.tensors import (
    brief as brief,
    require_condition as require_condition,
    require_dtype_of as require_dtype_of,
    require_image as require_image,
    require_real_times as require_real_times,
    require_tensor as require_tensor,
    require_tensor_of as require_tensor_of,
    require_times as require_times,
    require_tokens as require_tokens,
)
