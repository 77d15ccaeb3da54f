//! Stored rules of any kind: listed, found, changed, deleted.

use std::future::Future;

use model::{Code, Page, PageArgs, Refusal};
use store::{Error, Rule, RuleChange, RuleKind};

use crate::list::Deleted;
use crate::{Context, list};

/// How often a change starts again because somebody else was faster.
const ATTEMPTS: usize = 32;

/// Rules of one kind, with how one is shown.
pub(crate) struct Rules<T> {
    /// The kind.
    pub(crate) kind: RuleKind,
    /// What one is called in refusals.
    pub(crate) noun: &'static str,
    /// Reads a stored one.
    pub(crate) read: fn(Rule) -> serde_json::Result<T>,
}

impl<T> Rules<T> {
    /// A page of rules, by name.
    ///
    /// # Errors
    /// `invalid_argument` for a cursor of another list.
    pub(crate) async fn list(
        &self,
        context: &Context,
        page: &PageArgs,
    ) -> Result<Page<T>, Refusal> {
        let ((), keyset) = list::begin(page, ())?;
        let page = context.store().rules(self.kind, keyset).await;
        let page = page.map_err(|error| context.refuse(error))?;
        let items = page.items.into_iter().map(|rule| self.show(context, rule));
        let items = items.collect::<Result<Vec<_>, _>>()?;
        let next_cursor = page.next_cursor;
        Ok(list::finish(Page { items, next_cursor }, (), |item| item))
    }

    /// One rule by id or name.
    ///
    /// # Errors
    /// `not_found`.
    pub(crate) async fn get(&self, context: &Context, reference: &str) -> Result<T, Refusal> {
        let rule = self.find(context, reference).await?;
        self.show(context, rule)
    }

    /// Makes a rule.
    ///
    /// # Errors
    /// `already_exists`, `not_found` for unknown links.
    pub(crate) async fn create(
        &self,
        context: &Context,
        name: &str,
        new: RuleChange,
    ) -> Result<T, Refusal> {
        let made = context.store().create_rule(self.kind, name, new).await;
        let made = made.map_err(|error| context.refuse(error))?;
        context.audit.touch(made.id);
        self.show(context, made)
    }

    /// Changes a rule: `apply` says what, from what is stored, and is asked again
    /// when that was changed meanwhile.
    ///
    /// # Errors
    /// `not_found`, `conflict` for a stale version, what `apply` refuses.
    pub(crate) async fn change<F>(
        &self,
        context: &Context,
        reference: &str,
        version: Option<i64>,
        apply: impl Fn(Rule) -> F + Send,
    ) -> Result<T, Refusal>
    where
        F: Future<Output = Result<RuleChange, Refusal>> + Send,
    {
        let mut left = ATTEMPTS;
        loop {
            let stored = self.find(context, reference).await?;
            context.audit.touch(stored.id);
            if version.is_some_and(|asked| asked != stored.version) {
                return Err(Refusal::version_conflict(stored.version));
            }
            let (id, current) = (stored.id, Some(stored.version));
            let change = apply(stored).await?;
            left -= 1;
            let store = context.store();
            match store.update_rule(self.kind, id, current, change).await {
                Ok(changed) => return self.show(context, changed),
                Err(Error::Version { .. }) if version.is_none() && left > 0 => {}
                Err(error) => return Err(self.refuse(context, reference, error)),
            }
        }
    }

    /// Deletes a rule.
    ///
    /// # Errors
    /// `not_found`, `managed`, `conflict` for a stale version.
    pub(crate) async fn delete(
        &self,
        context: &Context,
        reference: &str,
        version: Option<i64>,
    ) -> Result<Deleted, Refusal> {
        let store = context.store();
        let deleted = store.delete_rule(self.kind, reference, version).await;
        let (id, name) = deleted.map_err(|error| self.refuse(context, reference, error))?;
        context.audit.touch(id);
        Ok(Deleted::new(id, &name))
    }

    async fn find(&self, context: &Context, reference: &str) -> Result<Rule, Refusal> {
        let found = context.store().rule(self.kind, reference).await;
        found
            .map_err(|error| context.refuse(error))?
            .ok_or_else(|| self.refuse(context, reference, Error::NotFound))
    }

    fn show(&self, context: &Context, rule: Rule) -> Result<T, Refusal> {
        (self.read)(rule).map_err(|error| context.fault("a stored rule", &error))
    }

    fn refuse(&self, context: &Context, reference: &str, error: Error) -> Refusal {
        match error {
            Error::NotFound => Refusal::not_found(self.noun, reference),
            other => context.refuse(other),
        }
    }
}

/// The refusal of what a rule says at a path such as `input.rules[0].words`; `wrong` is
/// a sentence.
pub(crate) fn invalid(path: &str, wrong: &str) -> Refusal {
    let path = pointer(path);
    Refusal::new(Code::InvalidArgument, format!("{path}: {wrong}"))
        .detail("path", path)
        .detail("expected", wrong)
}

/// The JSON pointer (RFC 6901) of a path.
fn pointer(path: &str) -> String {
    let parts = path.replace('[', "/").replace(']', "").replace('.', "/");
    format!("/{parts}")
}
