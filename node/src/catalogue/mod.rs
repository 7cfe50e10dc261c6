//! The catalogue: works, releases, parties, split sheets and media; what is here and what the network refers to.
