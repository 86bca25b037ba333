//! PAM stacks that run programs: `pam_exec.so`.
//!
//! With `expose_authtok` the program reads the password of everybody who logs in.

use coroner_core::{
    Confidence, Cx, Findings, HostPath, ItemKind, Items, Launch, Severity, Text, Trigger,
};
use coroner_parse::account::{self, PamLine, PamStatement, Table};
use coroner_parse::startup::{exec::shell_quoted, pam};
use serde::{Deserialize, Serialize};

use crate::{place, rules};

/// A rule that runs a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PamProgram {
    /// The stack's file.
    pub file: HostPath,
    /// The line.
    pub line: u32,
    /// `auth`, `session`, ...
    pub group: Text,
    /// The program.
    pub program: Option<HostPath>,
    /// It reads the password.
    pub gets_password: bool,
    /// It runs with the effective user id, which is root's in most services.
    pub effective_user: bool,
}

impl ItemKind for PamProgram {
    const KIND: &'static str = "pam.program";

    fn key(&self) -> Text {
        let line = self.line.to_string();
        Text::new([self.file.as_bytes(), b":", line.as_bytes()].concat())
    }
}

/// Collects the `pam_exec` rules of all stacks.
pub(crate) fn collect(cx: &mut Cx<'_>) {
    for dir in ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"] {
        for entry in cx.list(&HostPath::new(dir)) {
            let Some(content) = cx.read(&entry.path) else { continue };
            stack(cx, &entry.path, account::pam(&content.bytes));
        }
    }
    let single = HostPath::new("/etc/pam.conf");
    if let Some(content) = cx.read(&single) {
        stack(cx, &single, account::pam(&pam::without_services(&content.bytes)));
    }
}

fn stack(cx: &mut Cx<'_>, path: &HostPath, stack: Table<PamLine>) {
    for bad in &stack.bad {
        cx.bad_line(path, bad);
    }
    for line in stack.entries {
        program(cx, path, line);
    }
}

fn program(cx: &mut Cx<'_>, path: &HostPath, line: PamLine) {
    let PamStatement::Module { group, module, arguments, .. } = line.statement else { return };
    let Some(exec) = pam::exec(&module, &arguments) else { return };
    let program = exec.command.first().map(|word| HostPath::new(word.as_bytes()));
    cx.launch(Launch {
        trigger: Trigger::Authentication,
        user: exec.effective_user.then(|| Text::from("root")),
        command: shell_quoted(&exec.command),
        file: path.clone(),
        line: line.line,
        name: Text::from(path.name()),
        enabled: true,
        programs: program.clone().into_iter().collect(),
    });
    cx.emit(PamProgram {
        file: path.clone(),
        line: line.line,
        group: Text::from(group),
        program,
        gets_password: exec.gets_password,
        effective_user: exec.effective_user,
    });
}

pub(crate) fn judge(items: &Items, out: &mut Findings) {
    for rule in items.all::<PamProgram>().filter(|rule| rule.gets_password) {
        let Some(program) = &rule.program else { continue };
        if !place::is_packaged(items, program)
            && (place::is_unowned(items, program) || place::is_odd(program))
        {
            let draft = out.raise(&rules::PAM_SCRIPT_GETS_PASSWORD, &rule);
            draft.at(&rule.file, rule.line);
            place::show(draft, items, "program", program);
            if place::is_odd(program) {
                draft.graded(Severity::High, Confidence::Certain);
            }
        }
    }
}
