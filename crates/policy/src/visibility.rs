//! Who sees a connection: the same function for lists, lookups, schema tools,
//! runs and everything else.

use model::{Caller, Connection};

/// Whether `caller` sees `connection`.
///
/// 1. Administrators and auditors see every connection of the organization.
/// 2. A connection without an allow-list is seen by every member.
/// 3. Otherwise a member of one of the listed groups sees it; an empty list
///    admits rule 1 only.
#[must_use]
pub fn sees(caller: &Caller, connection: &Connection) -> bool {
    caller.sees_all()
        || connection
            .allow_list
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|group| caller.groups.contains(group)))
}
