//! Blocks and commands of an nft script.

use std::collections::HashMap;

use super::super::model::{Chain, Family, Hook, Rule, RuleSet, Statement, Verdict};
use super::lexer::{self, Kind, Token};
use super::rule;
use crate::{BadLine, Text};

/// A rule with its variables put in is cut at this many tokens.
const LONGEST_RULE: usize = 100_000;

/// Reads a script from its tokens.
pub(super) struct Script<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    variables: HashMap<&'a [u8], Vec<Token<'a>>>,
    lengths: HashMap<(Family, Text, Text), u32>,
    /// Tokens that variables may still add, over the whole script.
    expansion_left: usize,
    set: RuleSet,
}

/// The chain that a rule belongs to.
#[derive(Clone)]
struct Place {
    family: Family,
    table: Text,
    chain: Text,
}

impl<'a> Script<'a> {
    pub(super) fn read(content: &'a [u8]) -> RuleSet {
        let (tokens, whole) = lexer::tokens(content);
        let mut script = Self {
            tokens,
            at: 0,
            variables: HashMap::new(),
            lengths: HashMap::new(),
            expansion_left: 1_000_000,
            set: RuleSet::default(),
        };
        while script.peek().is_some() {
            script.command();
        }
        if !whole {
            let number = script.tokens.last().map_or(0, |token| token.line);
            let start = Text::default();
            script.set.bad.push(BadLine { number, reason: "the script is too long", start });
        }
        script.set
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    fn next_if(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(found);
        found
    }

    /// The rest of a statement. Braces hold their lines together; a closing brace that was not
    /// opened here ends it and is left.
    fn statement(&mut self) -> Vec<Token<'a>> {
        let mut tokens = Vec::new();
        let mut depth = 0_u32;
        while let Some(token) = self.peek() {
            match token.bytes {
                _ if token.kind == Kind::Quoted => {}
                b"{" => depth += 1,
                b"}" if depth == 0 => break,
                b"}" => depth -= 1,
                b"\n" | b";" if depth == 0 => {
                    self.at += 1;
                    break;
                }
                _ => {}
            }
            self.at += 1;
            if !token.is("\n") {
                tokens.push(token);
            }
        }
        tokens
    }

    fn keep(&mut self, line: u32, head: &str, tokens: &[Token<'a>]) {
        let text = Text::from(format!("{head} {}", rule::text_of(tokens).lossy()).trim());
        self.set.other.push(Statement { line, text });
    }

    fn command(&mut self) {
        let Some(token) = self.next() else { return };
        if token.ends_statement() || token.is("}") {
            return;
        }
        match token.bytes {
            b"include" => {
                let text = rule::text_of(&self.statement());
                self.set.includes.push(Statement { line: token.line, text });
            }
            b"define" | b"redefine" => self.define(),
            b"table" => self.table(),
            b"add" | b"create" | b"insert" | b"replace" => self.add(token),
            head => {
                let rest = self.statement();
                let head = String::from_utf8_lossy(head).into_owned();
                self.keep(token.line, &head, &rest);
            }
        }
    }

    /// `define NAME = value`.
    fn define(&mut self) {
        let tokens = self.statement();
        if let [name, _equals, value @ ..] = tokens.as_slice() {
            self.variables.insert(name.bytes, value.to_vec());
        }
    }

    /// `add table|chain|rule|...`.
    fn add(&mut self, command: Token<'a>) {
        match self.peek().map(|token| token.bytes) {
            Some(b"table") => {
                self.at += 1;
                self.table();
            }
            Some(b"chain") => {
                self.at += 1;
                let (family, table) = self.table_name();
                self.chain(family, &table);
            }
            Some(b"rule") => {
                self.at += 1;
                let (family, table) = self.table_name();
                let chain = self.next().map(|token| Text::from(token.bytes)).unwrap_or_default();
                let tokens = self.statement();
                self.rule(&Place { family, table, chain }, &tokens);
            }
            _ => {
                let rest = self.statement();
                let head = String::from_utf8_lossy(command.bytes).into_owned();
                self.keep(command.line, &head, &rest);
            }
        }
    }

    /// `[family] name`.
    fn table_name(&mut self) -> (Family, Text) {
        let family = self.peek().and_then(|token| Family::from_name(token.bytes));
        self.at += usize::from(family.is_some());
        let stops = |token: &Token<'_>| token.kind == Kind::Mark;
        let name = self.peek().filter(|token| !stops(token));
        self.at += usize::from(name.is_some());
        let name = name.map(|token| Text::from(token.bytes)).unwrap_or_default();
        (family.unwrap_or(Family::Ip), name)
    }

    fn table(&mut self) {
        let (family, table) = self.table_name();
        if !self.next_if("{") {
            self.statement();
            return;
        }
        while let Some(token) = self.next() {
            match token.bytes {
                b"}" => return,
                b"\n" | b";" => {}
                b"chain" => self.chain(family, &table),
                head => {
                    let rest = self.statement();
                    let head = format!("{table} {}", String::from_utf8_lossy(head));
                    self.keep(token.line, &head, &rest);
                }
            }
        }
    }

    fn chain(&mut self, family: Family, table: &Text) {
        let Some(name) = self.peek().filter(|token| token.kind != Kind::Mark) else { return };
        self.at += 1;
        let place = Place { family, table: table.clone(), chain: Text::from(name.bytes) };
        let mut chain = Chain {
            family,
            table: table.clone(),
            name: place.chain.clone(),
            hook: None,
            priority: None,
            kind: None,
            policy: None,
            line: name.line,
        };
        if self.next_if("{") {
            self.chain_body(&place, &mut chain);
        }
        if chain.hook.is_some() && chain.policy.is_none() {
            chain.policy = Some(Verdict::Accept);
        }
        self.set.chains.push(chain);
    }

    fn chain_body(&mut self, place: &Place, chain: &mut Chain) {
        while let Some(token) = self.peek() {
            if token.is("}") {
                self.at += 1;
                return;
            }
            let tokens = self.statement();
            match tokens.first().map(|token| token.bytes) {
                Some(b"type") => hooked(chain, &tokens),
                Some(b"policy") => chain.policy = tokens.get(1).and_then(policy),
                None | Some(b"comment" | b"flags" | b"devices") => {}
                Some(_) => self.rule(place, &tokens),
            }
        }
    }

    fn rule(&mut self, place: &Place, tokens: &[Token<'a>]) {
        let Some(line) = tokens.first().map(|token| token.line) else { return };
        let key = (place.family, place.table.clone(), place.chain.clone());
        let position = self.lengths.entry(key).or_default();
        *position += 1;
        let position = *position;
        let expanded = self.expand(tokens, 0);
        let parsed = rule::read(&expanded);
        self.set.rules.push(Rule {
            family: place.family,
            table: place.table.clone(),
            chain: place.chain.clone(),
            position,
            line,
            matches: parsed.matches,
            verdict: parsed.verdict,
            counters: parsed.counters,
            text: rule::text_of(tokens),
        });
    }

    /// Puts variables in, a few levels deep and never without bound.
    fn expand(&mut self, tokens: &[Token<'a>], depth: u8) -> Vec<Token<'a>> {
        let mut out = Vec::with_capacity(tokens.len());
        for token in tokens {
            let name = token.bytes.strip_prefix(b"$").filter(|_| token.kind == Kind::Word);
            let value = name.and_then(|name| self.variables.get(name)).cloned();
            match value {
                Some(value) if depth < 4 && value.len() <= self.expansion_left => {
                    self.expansion_left -= value.len();
                    out.append(&mut self.expand(&value, depth + 1));
                }
                _ => out.push(*token),
            }
            if out.len() > LONGEST_RULE {
                break;
            }
        }
        out
    }
}

/// `type filter hook input device eth0 priority filter - 5`.
fn hooked(chain: &mut Chain, tokens: &[Token<'_>]) {
    let after = |word: &str| {
        let at = tokens.iter().position(|token| token.is(word))?;
        tokens.get(at + 1..)
    };
    chain.kind = tokens.get(1).map(|token| Text::from(token.bytes));
    let hook = after("hook").and_then(<[_]>::first);
    chain.hook = hook.and_then(|token| Hook::from_name(token.bytes));
    chain.priority = after("priority").and_then(|rest| priority(chain.family, rest));
}

fn policy(token: &Token<'_>) -> Option<Verdict> {
    match token.bytes {
        b"accept" => Some(Verdict::Accept),
        b"drop" => Some(Verdict::Drop),
        _ => None,
    }
}

/// A number, or a name with an offset (nft(8), "Standard priority names").
fn priority(family: Family, tokens: &[Token<'_>]) -> Option<i32> {
    let text: Vec<u8> = tokens.iter().flat_map(|token| token.bytes).copied().collect();
    let text = String::from_utf8(text).ok()?;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let split = text.find(['+', '-']).unwrap_or(text.len());
    let (name, offset) = text.split_at_checked(split)?;
    let bridge = family == Family::Bridge;
    let base = match name {
        "raw" => -300,
        "mangle" => -150,
        "dstnat" => {
            if bridge {
                -300
            } else {
                -100
            }
        }
        "filter" => {
            if bridge {
                -200
            } else {
                0
            }
        }
        "security" => 50,
        "srcnat" => {
            if bridge {
                300
            } else {
                100
            }
        }
        "out" => 100,
        _ => return None,
    };
    let offset: i32 = if offset.is_empty() { 0 } else { offset.parse().ok()? };
    offset.checked_add(base)
}
