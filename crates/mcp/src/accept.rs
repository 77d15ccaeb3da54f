//! The media types a request brings and takes.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// Whether the body is declared as `application/json`, with any parameters.
pub fn brings_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let text = value.to_str().unwrap_or_default();
    essence(text).eq_ignore_ascii_case("application/json")
}

/// Whether the client takes both `application/json` and `text/event-stream`.
/// A missing header takes everything (RFC 9110, 12.5.1).
pub fn takes_both(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return true;
    }
    let (mut json, mut stream) = (false, false);
    for value in values {
        for range in value.to_str().unwrap_or_default().split(',') {
            if is_refused(range) {
                continue;
            }
            let kind = essence(range);
            let is = |word: &str| kind.eq_ignore_ascii_case(word);
            let all = is("*/*");
            json |= all || is("application/json") || is("application/*");
            stream |= all || is("text/event-stream") || is("text/*");
        }
    }
    json && stream
}

fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

/// Whether the weight of a media range is zero: not acceptable.
fn is_refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>() == Ok(0.0)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn content_type_is_compared_without_parameters() {
        for good in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/json ;x=y",
        ] {
            assert!(brings_json(&with(CONTENT_TYPE, &[good])), "{good}");
        }
        for bad in [
            &[][..],
            &["text/plain"],
            &["application/jsonx"],
            &["application/json", "text/plain"],
        ] {
            assert!(!brings_json(&with(CONTENT_TYPE, bad)), "{bad:?}");
        }
    }

    #[test]
    fn accept_must_cover_both_forms_of_answer() {
        for good in [
            &[][..],
            &["*/*"],
            &["application/json, text/event-stream"],
            &["application/json", "text/event-stream;q=0.5"],
            &["application/*, text/*"],
            &["text/html, */*;q=0.1"],
        ] {
            assert!(takes_both(&with(ACCEPT, good)), "{good:?}");
        }
        for bad in [
            &["application/json"][..],
            &["text/event-stream"],
            &["text/html"],
            &[""],
            &["application/json, text/event-stream;q=0"],
        ] {
            assert!(!takes_both(&with(ACCEPT, bad)), "{bad:?}");
        }
    }
}
