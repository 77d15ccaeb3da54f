//! Names and kinds of PostgreSQL's built-in types.

use model::ValueKind;

/// Built-in types by object id: `pg_type.dat` of the PostgreSQL source.
const TYPES: &[(u32, &str, ValueKind)] = &[
    (16, "bool", ValueKind::Bool),
    (17, "bytea", ValueKind::Binary),
    (18, "char", ValueKind::Text),
    (19, "name", ValueKind::Text),
    (20, "int8", ValueKind::Integer),
    (21, "int2", ValueKind::Integer),
    (22, "int2vector", ValueKind::Text),
    (23, "int4", ValueKind::Integer),
    (24, "regproc", ValueKind::Text),
    (25, "text", ValueKind::Text),
    (26, "oid", ValueKind::Integer),
    (27, "tid", ValueKind::Text),
    (28, "xid", ValueKind::Integer),
    (29, "cid", ValueKind::Integer),
    (30, "oidvector", ValueKind::Text),
    (114, "json", ValueKind::Json),
    (142, "xml", ValueKind::Text),
    (143, "_xml", ValueKind::Text),
    (194, "pg_node_tree", ValueKind::Text),
    (199, "_json", ValueKind::Text),
    (600, "point", ValueKind::Text),
    (601, "lseg", ValueKind::Text),
    (602, "path", ValueKind::Text),
    (603, "box", ValueKind::Text),
    (604, "polygon", ValueKind::Text),
    (628, "line", ValueKind::Text),
    (650, "cidr", ValueKind::Text),
    (651, "_cidr", ValueKind::Text),
    (700, "float4", ValueKind::Float),
    (701, "float8", ValueKind::Float),
    (705, "unknown", ValueKind::Text),
    (718, "circle", ValueKind::Text),
    (774, "macaddr8", ValueKind::Text),
    (790, "money", ValueKind::Text),
    (829, "macaddr", ValueKind::Text),
    (869, "inet", ValueKind::Text),
    (1000, "_bool", ValueKind::Text),
    (1001, "_bytea", ValueKind::Text),
    (1002, "_char", ValueKind::Text),
    (1003, "_name", ValueKind::Text),
    (1005, "_int2", ValueKind::Text),
    (1007, "_int4", ValueKind::Text),
    (1009, "_text", ValueKind::Text),
    (1014, "_bpchar", ValueKind::Text),
    (1015, "_varchar", ValueKind::Text),
    (1016, "_int8", ValueKind::Text),
    (1021, "_float4", ValueKind::Text),
    (1022, "_float8", ValueKind::Text),
    (1028, "_oid", ValueKind::Text),
    (1033, "aclitem", ValueKind::Text),
    (1034, "_aclitem", ValueKind::Text),
    (1041, "_inet", ValueKind::Text),
    (1042, "bpchar", ValueKind::Text),
    (1043, "varchar", ValueKind::Text),
    (1082, "date", ValueKind::Text),
    (1083, "time", ValueKind::Text),
    (1114, "timestamp", ValueKind::Text),
    (1115, "_timestamp", ValueKind::Text),
    (1182, "_date", ValueKind::Text),
    (1183, "_time", ValueKind::Text),
    (1184, "timestamptz", ValueKind::Text),
    (1185, "_timestamptz", ValueKind::Text),
    (1186, "interval", ValueKind::Text),
    (1187, "_interval", ValueKind::Text),
    (1231, "_numeric", ValueKind::Text),
    (1266, "timetz", ValueKind::Text),
    (1560, "bit", ValueKind::Text),
    (1562, "varbit", ValueKind::Text),
    (1700, "numeric", ValueKind::Decimal),
    (1790, "refcursor", ValueKind::Text),
    (2202, "regprocedure", ValueKind::Text),
    (2205, "regclass", ValueKind::Text),
    (2206, "regtype", ValueKind::Text),
    (2249, "record", ValueKind::Text),
    (2275, "cstring", ValueKind::Text),
    (2278, "void", ValueKind::Text),
    (2287, "_record", ValueKind::Text),
    (2950, "uuid", ValueKind::Text),
    (2951, "_uuid", ValueKind::Text),
    (3220, "pg_lsn", ValueKind::Text),
    (3614, "tsvector", ValueKind::Text),
    (3615, "tsquery", ValueKind::Text),
    (3802, "jsonb", ValueKind::Json),
    (3807, "_jsonb", ValueKind::Text),
    (3904, "int4range", ValueKind::Text),
    (3906, "numrange", ValueKind::Text),
    (3908, "tsrange", ValueKind::Text),
    (3910, "tstzrange", ValueKind::Text),
    (3912, "daterange", ValueKind::Text),
    (3926, "int8range", ValueKind::Text),
    (4072, "jsonpath", ValueKind::Text),
    (4089, "regnamespace", ValueKind::Text),
    (4096, "regrole", ValueKind::Text),
    (5069, "xid8", ValueKind::Integer),
];

/// Name and kind of a built-in type.
pub(super) fn describe(oid: u32) -> Option<(&'static str, ValueKind)> {
    let at = TYPES.binary_search_by_key(&oid, |(known, _, _)| *known);
    let (_, name, kind) = TYPES[at.ok()?];
    Some((name, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found() {
        for (oid, name, kind) in TYPES {
            assert!(describe(*oid) == Some((*name, *kind)), "{name}");
        }
        assert!(describe(99_999).is_none());
    }
}
