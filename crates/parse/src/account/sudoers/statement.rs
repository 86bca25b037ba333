//! What one logical line says: include, Defaults, aliases or a rule.

use super::members::{members, negations};
use super::scan::Scanner;
use super::{AliasKind, DefaultsScope, DefaultsSetting, Member, Operator, SudoersStatement, rule};
use crate::Text;

type Reason = &'static str;

const ALIASES: &[(&[u8], AliasKind)] = &[
    (b"User_Alias", AliasKind::User),
    (b"Runas_Alias", AliasKind::RunAs),
    (b"Host_Alias", AliasKind::Host),
    (b"Cmnd_Alias", AliasKind::Command),
    (b"Cmd_Alias", AliasKind::Command),
];

const INCLUDES: &[(&[u8], bool)] =
    &[(b"@includedir", true), (b"#includedir", true), (b"@include", false), (b"#include", false)];

/// Reads all statements of one logical line (an alias line may hold several).
pub(super) fn statements(scanner: &mut Scanner<'_>) -> Result<Vec<SudoersStatement>, Reason> {
    for &(word, directory) in INCLUDES {
        if scanner.keyword(word) {
            return Ok(vec![SudoersStatement::Include { path: scanner.path(), directory }]);
        }
    }
    for &(word, kind) in ALIASES {
        if scanner.keyword(word) {
            return aliases(scanner, kind);
        }
    }
    if scanner.eat_defaults() {
        return Ok(vec![defaults(scanner)?]);
    }
    rule::rule(scanner).map(|rule| vec![SudoersStatement::Rule(rule)])
}

fn aliases(scanner: &mut Scanner<'_>, kind: AliasKind) -> Result<Vec<SudoersStatement>, Reason> {
    let mut out = Vec::new();
    loop {
        let name = scanner.word(b"=:,").ok_or("alias without a name")?;
        if !scanner.eat(b"=") {
            return Err("alias without '='");
        }
        let members = if kind == AliasKind::Command {
            rule::commands(scanner)?
        } else {
            members(scanner, b",:=")?
        };
        out.push(SudoersStatement::Alias { kind, name, members });
        if !scanner.eat(b":") {
            break;
        }
    }
    if scanner.at_end() { Ok(out) } else { Err("text behind an alias") }
}

fn defaults(scanner: &mut Scanner<'_>) -> Result<SudoersStatement, Reason> {
    let scope = match scanner.peek() {
        Some(b'@') => DefaultsScope::Hosts(scoped(scanner)?),
        Some(b':') => DefaultsScope::Users(scoped(scanner)?),
        Some(b'>') => DefaultsScope::RunAs(scoped(scanner)?),
        Some(b'!') => {
            scanner.eat(b"!");
            DefaultsScope::Commands(rule::plain_commands(scanner)?)
        }
        _ => DefaultsScope::Global,
    };
    scanner.skip_blanks();
    let mut settings = Vec::new();
    loop {
        settings.push(setting(scanner)?);
        if !scanner.eat(b",") {
            break;
        }
    }
    if !scanner.at_end() {
        return Err("text behind Defaults");
    }
    Ok(SudoersStatement::Defaults { scope, settings })
}

fn scoped(scanner: &mut Scanner<'_>) -> Result<Vec<Member>, Reason> {
    let _ = scanner.eat(b"@") || scanner.eat(b":") || scanner.eat(b">");
    members(scanner, b",=")
}

fn setting(scanner: &mut Scanner<'_>) -> Result<DefaultsSetting, Reason> {
    let negated = negations(scanner);
    let name = scanner.word(b"=+-,").ok_or("Defaults without a name")?;
    let operator = if scanner.eat(b"+=") {
        Some(Operator::Add)
    } else if scanner.eat(b"-=") {
        Some(Operator::Remove)
    } else if scanner.eat(b"=") {
        Some(Operator::Set)
    } else {
        None
    };
    let value = operator.map(|op| (op, scanner.word(b",").unwrap_or_else(|| Text::from(""))));
    Ok(DefaultsSetting { negated, name, value })
}
