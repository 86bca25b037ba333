//! The `auth` stacks of /etc/pam.d, includes put in place as libpam does.

use coroner_core::{Blocked, Cx, FileType, HostPath};
use coroner_parse::account::{self, PamControl, PamLine, PamStatement};

use super::bad_lines;
use crate::items::{PamAction, PamAuth};

const DIR: &str = "/etc/pam.d";
/// Includes inside of includes; libpam has the same limit.
const DEEPEST: usize = 32;
/// Lines of one stack, includes counted each time.
const LONGEST_STACK: usize = 200;
/// Files of one stack: an include that names itself many times must not multiply.
const MOST_FILES: usize = 64;
/// Services that are looked at.
const MOST_SERVICES: usize = 300;

pub(super) fn collect(cx: &mut Cx<'_>) {
    let entries = cx.list(&HostPath::new(DIR)).into_iter();
    let services: Vec<HostPath> = entries
        .filter(|entry| matches!(entry.kind, FileType::Regular | FileType::Link))
        .map(|entry| entry.path)
        .filter(|path| is_service(path.name()))
        .take(MOST_SERVICES)
        .collect();
    for service in services {
        cx.want(&service);
        let mut stack = Stack { service: &service, lines: Vec::new(), files: 0 };
        stack.file(cx, &service, 0, 0);
        for line in stack.lines {
            cx.emit(line);
        }
    }
}

/// Copies that packages and editors leave behind start nothing.
fn is_service(name: &[u8]) -> bool {
    let left: [&[u8]; 5] = [b"~", b".bak", b".dpkg-dist", b".dpkg-old", b".rpmnew"];
    !name.starts_with(b".") && !left.iter().any(|suffix| name.ends_with(suffix))
}

struct Stack<'a> {
    service: &'a HostPath,
    lines: Vec<PamAuth>,
    files: usize,
}

impl Stack<'_> {
    fn file(&mut self, cx: &mut Cx<'_>, file: &HostPath, depth: usize, substack: usize) {
        if depth > DEEPEST || self.lines.len() > LONGEST_STACK || self.files > MOST_FILES {
            return cx.gap(self.service, Blocked::TooLarge);
        }
        self.files += 1;
        let Some(content) = cx.read(file) else { return };
        let table = account::pam(&content.bytes);
        if file == self.service {
            bad_lines(cx, file, &table.bad);
        }
        for line in table.entries {
            self.line(cx, file, line, depth, substack);
        }
    }

    fn line(
        &mut self,
        cx: &mut Cx<'_>,
        file: &HostPath,
        line: PamLine,
        depth: usize,
        substack: usize,
    ) {
        let dir = HostPath::new(DIR);
        match line.statement {
            PamStatement::Include(name) => {
                self.file(cx, &dir.join(name.as_bytes()), depth + 1, substack);
            }
            PamStatement::Module { group, control, module, arguments } if group == "auth" => {
                let deeper = match &control {
                    PamControl::Word(word) if word == "include" => Some(0),
                    PamControl::Word(word) if word == "substack" => Some(1),
                    _ => None,
                };
                if let Some(deeper) = deeper {
                    let target = dir.join(module.as_bytes());
                    return self.file(cx, &target, depth + 1, substack + deeper);
                }
                self.lines.push(PamAuth {
                    service: self.service.clone(),
                    file: file.clone(),
                    line: line.line,
                    index: self.lines.len(),
                    substack,
                    control: action(control),
                    module,
                    arguments,
                });
            }
            PamStatement::Module { .. } => {}
        }
    }
}

fn action(control: PamControl) -> PamAction {
    match control {
        PamControl::Word(word) => PamAction::Word(word),
        PamControl::Actions(pairs) => PamAction::Pairs(pairs),
    }
}
