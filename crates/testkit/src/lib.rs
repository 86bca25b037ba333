//! Fixture roots and rule cases for tests.
