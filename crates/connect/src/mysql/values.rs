//! Values of MySQL and MariaDB results as text.

use model::{Column, RowBatch, ValueKind};
use mysql_async::consts::ColumnType;
use mysql_async::{Row, Value};

/// What the bytes of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Text.
    Text,
    /// Bytes without a meaning of their own.
    Binary,
    /// The bits of an unsigned number, the highest byte first. There are at
    /// most 64: "Bit-Value Type - BIT" of the MySQL reference manual.
    Bits,
}

impl Form {
    /// The form of the values in a column, as it is told and as it came.
    pub(super) fn of((told, column): (&Column, &mysql_async::Column)) -> Self {
        if column.column_type() == ColumnType::MYSQL_TYPE_BIT {
            Self::Bits
        } else if told.kind == ValueKind::Binary {
            Self::Binary
        } else {
            Self::Text
        }
    }
}

/// Adds `row` to `batch`.
pub(super) fn add_row(row: &Row, forms: &[Form], batch: &mut RowBatch) {
    for (at, form) in forms.iter().enumerate() {
        match (row.as_ref(at), form) {
            (None | Some(Value::NULL), _) => batch.push_null(),
            (Some(Value::Bytes(bytes)), Form::Binary) => {
                batch.push_with(|text| crate::hex::append(bytes, text));
            }
            (Some(Value::Bytes(bytes)), Form::Bits) => {
                batch.push(number(bytes).to_string().as_bytes());
            }
            (Some(Value::Bytes(bytes)), Form::Text) => batch.push(bytes),
            // The text protocol has no other values.
            (Some(other), _) => batch.push(other.as_sql(true).as_bytes()),
        }
    }
    batch.end_row();
}

fn number(bits: &[u8]) -> u64 {
    bits.iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
