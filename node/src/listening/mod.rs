//! Listening: plays and the posts that hand them in.
