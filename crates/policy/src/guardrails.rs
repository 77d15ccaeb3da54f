//! Guardrails: what may be asked, and what may be answered.
//!
//! All rules that reach a connection are compiled once, together. Text rules look at
//! the text as it came, at the text without comments, and at what a shell would make of
//! it; rules about statements look at facts alone, and hold that facts which are missing
//! violate them.

mod asked;
mod check;
mod findings;
mod output;
mod sentence;
mod statements;
mod texts;
mod words;

use std::sync::Arc;

use model::{Action, Decision, Direction, Guardrail, GuardrailRules, Hit};
use sql::Facts;

use self::findings::{Findings, Rule};
use self::statements::StatementRule;
use self::texts::Texts;
use crate::invalid::Invalid;
use crate::shell;

pub use self::asked::Asked;
pub use self::check::{invalid_rules, validate};
pub use self::output::{OutputBlocked, OutputGuard, REPLACEMENT};
pub use self::sentence::sentence;

/// The rules that reach a connection, compiled.
#[derive(Debug, Default)]
pub struct Guardrails {
    input: Side,
    statements: Vec<StatementRule>,
    output: Arc<Side>,
}

/// The rules of one direction, and those of them that are about text.
#[derive(Debug, Default)]
struct Side {
    rules: Vec<Rule>,
    texts: Texts,
}

/// What the input rules say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What follows: the strictest action of the hits; `None` without a hit.
    pub action: Option<Action>,
    /// Every rule that matched, once, in the order of the rules.
    pub hits: Vec<Hit>,
    /// The access request rules that the hits with `require_approval` name.
    pub require_rules: Vec<String>,
}

impl Verdict {
    /// What is decided about the ask.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        match self.action {
            None | Some(Action::Warn | Action::Redact) => Decision::Allowed,
            Some(Action::RequireApproval) => Decision::NeedsApproval,
            Some(Action::Block) => Decision::Blocked,
        }
    }

    /// What the caller is told: the sentence of the first of the strictest hits.
    #[must_use]
    pub fn message(&self) -> Option<String> {
        let decisive = |hit: &&Hit| Some(hit.action) == self.action;
        self.hits.iter().find(decisive).map(sentence)
    }

    /// The same with further hits.
    #[must_use]
    pub fn with(mut self, hits: Vec<Hit>) -> Self {
        let strictest = hits.iter().map(|hit| hit.action).max();
        self.action = self.action.max(strictest);
        self.hits.extend(hits);
        self
    }
}

impl Guardrails {
    /// Compiles the guardrails that reach a connection.
    ///
    /// # Errors
    /// The first rule that [`validate`] refuses, or that cannot be compiled. Nothing may
    /// run then: a rule that cannot be evaluated is not left out.
    pub fn compile<'a>(
        guardrails: impl IntoIterator<Item = &'a Guardrail>,
    ) -> Result<Self, Invalid> {
        let mut sides = [
            SideBuilder::new(Direction::Input),
            SideBuilder::new(Direction::Output),
        ];
        for guardrail in guardrails {
            let [input, output] = &mut sides;
            input.add(&guardrail.name, guardrail.input.as_ref())?;
            output.add(&guardrail.name, guardrail.output.as_ref())?;
        }
        let [input, output] = sides;
        let (input, statements) = input.compile()?;
        let (output, _) = output.compile()?;
        Ok(Self {
            input,
            statements,
            output: Arc::new(output),
        })
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_input() && !self.has_output()
    }

    /// Whether there are rules about what is asked.
    #[must_use]
    pub fn has_input(&self) -> bool {
        !self.input.rules.is_empty()
    }

    /// Whether there are rules about what is answered.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.output.rules.is_empty()
    }

    /// Whether [`Guardrails::input`] needs statement facts to let anything pass.
    #[must_use]
    pub fn needs_facts(&self) -> bool {
        !self.statements.is_empty()
    }

    /// Judges a script: the text as it came, the same without comments, and its facts.
    #[must_use]
    pub fn input(&self, raw: &str, without_comments: &str, facts: Option<&Facts>) -> Verdict {
        let mut findings = Findings::default();
        self.search_text(raw, &mut findings);
        if without_comments != raw {
            self.search_text(without_comments, &mut findings);
        }
        statements::search(&self.statements, facts, &mut findings);
        self.verdict(&findings)
    }

    /// Judges the run of a command: its words and what it is given to read. Text rules
    /// also see what a shell would make of either. Rules about statements are violated,
    /// because a command has none.
    #[must_use]
    pub fn command(&self, argv: &[String], input: &str) -> Verdict {
        let mut findings = Findings::default();
        self.search_text(&argv.join(" "), &mut findings);
        self.search_text(input, &mut findings);
        for text in argv.iter().map(String::as_str).chain([input]) {
            for command in shell::commands(text) {
                self.input.texts.search(&command, &mut findings);
            }
        }
        statements::search(&self.statements, None, &mut findings);
        self.verdict(&findings)
    }

    /// A guard for the answer of one run.
    #[must_use]
    pub fn output(&self) -> OutputGuard {
        OutputGuard::new(Arc::clone(&self.output))
    }

    /// Words are also found where the text has other white space than the word.
    fn search_text(&self, text: &str, findings: &mut Findings) {
        self.input.texts.search(text, findings);
        if let Some(spaced) = one_space(text) {
            self.input.texts.search_words(&spaced, findings);
        }
    }

    fn verdict(&self, findings: &Findings) -> Verdict {
        let rules: Vec<&Rule> = findings
            .rules()
            .filter_map(|index| self.input.rules.get(index))
            .collect();
        let mut require_rules: Vec<String> = Vec::new();
        for rule in &rules {
            if let Some(name) = &rule.require_rule
                && !require_rules.contains(name)
            {
                require_rules.push(name.clone());
            }
        }
        Verdict {
            action: rules.iter().map(|rule| rule.action()).max(),
            hits: findings.hits(&self.input.rules),
            require_rules,
        }
    }
}

/// Collects the rules of one direction.
struct SideBuilder {
    direction: Direction,
    rules: Vec<Rule>,
    texts: texts::Builder,
    statements: Vec<StatementRule>,
}

impl SideBuilder {
    fn new(direction: Direction) -> Self {
        Self {
            direction,
            rules: Vec::new(),
            texts: texts::Builder::default(),
            statements: Vec::new(),
        }
    }

    fn add(&mut self, guardrail: &str, rules: Option<&GuardrailRules>) -> Result<(), Invalid> {
        let Some(rules) = rules else { return Ok(()) };
        validate(rules, self.direction).map_err(|invalid| {
            let message = format!("guardrail {guardrail:?}: {}", invalid.message);
            Invalid::new(invalid.path, message)
        })?;
        for rule in &rules.rules {
            let index = self.rules.len();
            self.rules.push(Rule::new(guardrail, rule, self.direction));
            self.texts.add(index, rule);
            self.statements
                .extend(rule.sql.iter().map(|sql| StatementRule::new(index, sql)));
        }
        Ok(())
    }

    fn compile(self) -> Result<(Side, Vec<StatementRule>), Invalid> {
        let texts = self.texts.compile();
        let texts = texts.map_err(|message| {
            Invalid::new(format!("{}.rules", self.direction.as_str()), message)
        })?;
        let side = Side {
            rules: self.rules,
            texts,
        };
        Ok((side, self.statements))
    }
}

/// The text with one space for every run of white space; `None` when that changes
/// nothing.
fn one_space(text: &str) -> Option<String> {
    let is_plain = |pair: &[u8]| !matches!(pair, [b' ', b' ']);
    let bytes = text.as_bytes();
    let is_simple = text.is_ascii()
        && bytes.windows(2).all(is_plain)
        && !bytes.iter().any(|byte| (0x09..=0x0d).contains(byte));
    if is_simple {
        return None;
    }
    let mut spaced = String::with_capacity(text.len());
    for c in text.chars() {
        if !c.is_whitespace() {
            spaced.push(c);
        } else if !spaced.ends_with(' ') {
            spaced.push(' ');
        }
    }
    (spaced != text).then_some(spaced)
}

#[cfg(test)]
mod tests;
