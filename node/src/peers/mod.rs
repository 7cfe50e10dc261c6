//! Peers: the other nodes; what we say to them, what they say to us.
