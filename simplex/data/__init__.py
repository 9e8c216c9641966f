"""The PyG bridge: a complex as a ``Data`` object, and a data set of many complexes."""

from simplex.data._batching import align_batches
from simplex.data._dataset import SimplicialDataset
from simplex.data._simplicial_data import SimplicialData


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.data._checks import (
    require_same_fields as require_same_fields,
    require_same_widths as require_same_widths,
)
from simplex.data._files import read_plain as read_plain
from simplex.data._lift.checks import (
    require_graph as require_graph,
    require_lift_options as require_lift_options,
)
from simplex.data._lift.many import lift_dataset as lift_dataset
from simplex.data._lift.options import (
    Lift as Lift,
    Reduce as Reduce,
    features_of_lift as features_of_lift,
)
from simplex.data._lift.rings import Apex as Apex
from simplex.data._lift.spread import spread_features as spread_features
from simplex.data._restricted import is_own_field as is_own_field, restricted as restricted
from simplex.data._simplicial_data import cochain_keys as cochain_keys
from simplex.data._storage import (
    field_rank as field_rank,
    is_candidate_field as is_candidate_field,
)


__all__ = ["SimplicialData", "SimplicialDataset"]

align_batches()
