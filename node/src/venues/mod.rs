//! Venues: the libraries, concert halls and works councils that pay a contribution for their members.
