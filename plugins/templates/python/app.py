"""The component: what `quaero plugin build` compiles."""

import quaero
from family import Mirror

Play = quaero.export(Mirror, quaero.cases(__file__))
