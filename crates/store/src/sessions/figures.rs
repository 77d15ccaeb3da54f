//! The figures of a session as they are kept: those that are not zero.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{DataMasking, Metrics};
use serde::{Deserialize, Serialize};

use super::is_default;

/// Figures of a session.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Figures<'a> {
    #[serde(skip_serializing_if = "is_default")]
    event_size: u64,
    #[serde(skip_serializing_if = "is_default")]
    truncated: bool,
    #[serde(skip_serializing_if = "is_default")]
    data_masking: Masked<'a>,
}

/// What was masked.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Masked<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    info_types: Cow<'a, BTreeMap<String, u64>>,
    #[serde(skip_serializing_if = "is_default")]
    total_redact_count: u64,
    #[serde(skip_serializing_if = "is_default")]
    transformed_bytes: u64,
    #[serde(skip_serializing_if = "is_default")]
    err_count: u64,
}

impl<'a> From<&'a Metrics> for Figures<'a> {
    fn from(metrics: &'a Metrics) -> Self {
        let masked = &metrics.data_masking;
        Self {
            event_size: metrics.event_size,
            truncated: metrics.truncated,
            data_masking: Masked {
                info_types: Cow::Borrowed(&masked.info_types),
                total_redact_count: masked.total_redact_count,
                transformed_bytes: masked.transformed_bytes,
                err_count: masked.err_count,
            },
        }
    }
}

impl From<Figures<'_>> for Metrics {
    fn from(figures: Figures<'_>) -> Self {
        let masked = figures.data_masking;
        Self {
            event_size: figures.event_size,
            truncated: figures.truncated,
            data_masking: DataMasking {
                info_types: masked.info_types.into_owned(),
                total_redact_count: masked.total_redact_count,
                transformed_bytes: masked.transformed_bytes,
                err_count: masked.err_count,
            },
        }
    }
}
