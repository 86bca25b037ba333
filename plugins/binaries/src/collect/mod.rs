//! Host to items: which files are looked at, and what leads to them.

mod libraries;
mod path;
mod places;
mod programs;
mod walk;

use coroner_core::Cx;

use places::Places;

pub(crate) fn collect(cx: &mut Cx<'_>) {
    let places = Places::find(cx);
    programs::want_tools(cx, &places);
    programs::diversions(cx);
    libraries::want_libraries(cx, &places);
    libraries::preloads(cx, &places);
    libraries::search_order(cx, &places);
    path::directories(cx, &places);
    walk::system_directories(cx, &places);
    walk::privileged_files(cx);
}
