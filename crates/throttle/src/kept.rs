//! The states that are kept, and what goes wrong with them as a [`Trouble`].

use std::io;

use crate::request::Direction;
use crate::state::{Lock, State, Store};
use crate::trouble::Trouble;

fn wrong(store: &Store, error: io::Error) -> Trouble {
    Trouble::State(store.folder().display().to_string(), error)
}

pub(crate) fn locked(store: &Store) -> Result<Lock, Trouble> {
    store.lock().map_err(|error| wrong(store, error))
}

pub(crate) fn load(
    store: &Store,
    index: i32,
    direction: Direction,
) -> Result<Option<State>, Trouble> {
    store.load(index, direction).map_err(|error| wrong(store, error))
}

pub(crate) fn save(store: &Store, state: &State) -> Result<(), Trouble> {
    store.save(state).map_err(|error| wrong(store, error))
}

pub(crate) fn forget(store: &Store, state: &State) -> Result<(), Trouble> {
    store.forget(state).map_err(|error| wrong(store, error))
}
