"""The component: what `quaero plugin build` compiles."""

import family
import quaero

Play = quaero.export(quaero.only(family), quaero.cases(__file__))
