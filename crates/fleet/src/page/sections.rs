//! What stands below the head: the matrix, the lists, and the drawer in which one of their rows is told.

use coroner_render::Lang;
use maud::{Markup, html};

/// A list on the page, filled from one table of its data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Its place in the page.
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) about: &'static str,
}

pub(super) const LISTS: [Section; 7] = [
    Section {
        id: "rules",
        heading: "Rules that hold",
        about: "The worst and rarest first; choose one for its hosts.",
    },
    Section {
        id: "stack",
        heading: "What few hosts of a role have",
        about: "The leads, best first: things that few hosts have, in places where hosts seldom have anything of their own.",
    },
    Section {
        id: "content",
        heading: "What few hosts of a role have otherwise",
        about: "Things that nearly all hosts of a role have alike, and these do not: a replaced program, a changed setting.",
    },
    Section {
        id: "shared",
        heading: "What hosts share with hosts that have findings",
        about: "Where the intruder may be too.",
    },
    Section {
        id: "packages",
        heading: "Same package version, other content",
        about: "Files that are not what the same version of their package holds on most hosts.",
    },
    Section {
        id: "hosts",
        heading: "Hosts",
        about: "Every host as its last report has it, the worst first.",
    },
    Section {
        id: "stale",
        heading: "Stale and missing hosts",
        about: "Hosts not heard of for eight days, and expected hosts without any report.",
    },
];

pub(super) fn contents(lang: Lang) -> Markup {
    html! {
        nav.contents aria-label=(lang.word("Contents")) {
            a href="#matrix" { (lang.word("Hosts by rules")) }
            a href="#rules" { (lang.word("Rules")) }
            a href="#stack" { (lang.word("Rare things")) }
            a href="#content" { (lang.word("Odd content")) }
            a href="#shared" { (lang.word("Shared")) }
            a href="#packages" { (lang.word("Packages")) }
            a href="#hosts" { (lang.word("Hosts")) }
            a href="#stale" { (lang.word("Stale")) }
        }
    }
}

impl Section {
    pub(super) fn markup(&self, lang: Lang) -> Markup {
        html! {
            section id=(self.id) {
                h2 { (lang.word(self.heading)) }
                p.quiet { (lang.word(self.about)) }
                div.tools role="search" { (search(self.id, lang)) }
                div.list id={ (self.id) "-grid" } {}
            }
        }
    }
}

fn search(id: &str, lang: Lang) -> Markup {
    html! {
        label for={ (id) "-search" } { (lang.word("Search")) }
        input.search id={ (id) "-search" } type="search" autocomplete="off" spellcheck="false";
        p.count id={ (id) "-count" } role="status" aria-live="polite" {}
    }
}

pub(super) fn matrix(lang: Lang) -> Markup {
    html! {
        section #matrix {
            h2 { (lang.word("Hosts by rules")) }
            p.quiet {
                (lang.word("Each square is the worst finding of a rule on a host, with their number when there are several; a hollow one is accepted by policy. Arrows move, Enter shows the evidence."))
            }
            div.tools role="search" {
                (search("matrix", lang))
                label for="verdict" { (lang.word("Verdict")) }
                select #verdict {}
                label for="severity" { (lang.word("Rules")) }
                select #severity {}
            }
            p.quiet #narrowed hidden {}
            div.list #matrix-grid {}
        }
    }
}

pub(super) fn drawer(lang: Lang) -> Markup {
    html! {
        dialog #drawer aria-labelledby="drawer-title" {
            div.bar {
                button #back type="button" { (lang.word("Back")) }
                h2 #drawer-title tabindex="-1" {}
                button #close type="button" { (lang.word("Close")) }
            }
            div #told {}
        }
    }
}
