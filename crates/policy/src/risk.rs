//! How risky an ask is, told from its facts alone.

use schemars::JsonSchema;
use serde::Serialize;
use sql::{Facts, Kind, Risk};

/// A level of risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum RiskLevel {
    /// Reads.
    Low,
    /// Other changes, calls, bulk copies, and whatever a command does.
    Medium,
    /// Objects, privileges, rows without a condition, files and programs, and what is
    /// not understood.
    High,
}

/// The risk of a script.
#[must_use]
pub fn script_risk(facts: &Facts) -> RiskLevel {
    if !facts.parsed {
        return RiskLevel::High;
    }
    let levels = facts.statements.iter().map(|statement| {
        let effects = statement.effects.iter().copied();
        let has = |risk| statement.risks.contains(&risk);
        if effects.clone().any(is_grave)
            || has(Risk::NoWhere)
            || has(Risk::Tautology)
            || has(Risk::Privilege)
            || has(Risk::Exfiltration)
        {
            RiskLevel::High
        } else if statement.is_read_only {
            RiskLevel::Low
        } else {
            RiskLevel::Medium
        }
    });
    levels.max().unwrap_or(RiskLevel::Low)
}

const fn is_grave(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Drop | Kind::Truncate | Kind::Alter | Kind::Grant | Kind::Revoke
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sql::{Dialect, facts};

    #[test]
    fn the_gravest_statement_decides() {
        for (script, level) in [
            ("select 1", RiskLevel::Low),
            ("select 1; insert into t values (1)", RiskLevel::Medium),
            ("update t set a = 1 where id = 1", RiskLevel::Medium),
            ("update t set a = 1", RiskLevel::High),
            ("delete from t where 1 = 1", RiskLevel::High),
            ("select 1; drop table t", RiskLevel::High),
            ("grant all on t to public", RiskLevel::High),
            ("copy t to program 'cat'", RiskLevel::High),
            ("selec 1", RiskLevel::High),
        ] {
            assert_eq!(
                script_risk(&facts(script, Dialect::Postgres)),
                level,
                "{script}"
            );
        }
    }
}
