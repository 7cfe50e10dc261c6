//! The coordinator: reports are checked and settled, settlements published, recomputed and countersigned.
