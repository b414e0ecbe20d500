//! What a GPU check found, as a page for people.
