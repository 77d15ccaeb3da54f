//! What must hold for every input.

use mask::{ColumnHint, Engine, Keys, RowsMasker, TextStream, jsonl_line};
use proptest::prelude::*;

fn engine() -> Engine {
    Engine::everything(Keys::new(b"test", "properties"))
}

/// Pieces of what detectors look for, so that generated texts meet them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,8}",
        "[0-9 .+/()-]{1,20}",
        Just("\n".to_owned()),
        Just("\t".to_owned()),
        Just(",".to_owned()),
        Just(" | ".to_owned()),
        Just("----+----\n".to_owned()),
        Just("id\temail\n".to_owned()),
        Just("-[ RECORD 1 ]-\n".to_owned()),
        Just("id,surname\n1,\"Okafor\n, Ada\"\n".to_owned()),
        Just("id|surname\n1|Okafor\n".to_owned()),
        Just("CREATE TABLE `a` (`id` int, surname text".to_owned()),
        Just(");\n".to_owned()),
        Just("COPY public.a (id, surname) FROM stdin;\n".to_owned()),
        Just("INSERT INTO a (id, surname) VALUES (1, 'O''Hara'),\n".to_owned()),
        Just("insert into a values (2,'it\\'s".to_owned()),
        Just("<surname>Okafor</surname>".to_owned()),
        Just("?surname=Okafor&x=1".to_owned()),
        Just("Contact person: Okafor\n".to_owned()),
        Just("jane.doe@example.com".to_owned()),
        Just("password=\"a\\\"b\" ".to_owned()),
        Just("postgres://u:p@ss@h/db ".to_owned()),
        Just("Maria Rossi lives at 1 High St.".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----\nQUJD\n".to_owned()),
        Just("-----END PRIVATE KEY-----\n".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("GB82 WEST 1234 5698 7654 32".to_owned()),
        Just("né le 12/03/1985 ".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn spans_are_disjoint_ordered_and_on_characters(text in text()) {
        let mut at = 0;
        for span in engine().find(&text) {
            prop_assert!(at <= span.start && span.start < span.end && span.end <= text.len());
            prop_assert!(text.get(span.start..span.end).is_some());
            prop_assert!((0.0..=1.0).contains(&span.score));
            at = span.end;
        }
    }

    #[test]
    fn cuts_never_matter(text in text(), cuts in prop::collection::vec(0usize..4000, 0..12)) {
        let engine = engine();
        let whole = engine.mask_text(&text);
        let bytes = text.as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(bytes.len());
        let mut stream = TextStream::new(&engine);
        let (mut out, mut at) = (String::new(), 0);
        for cut in cuts {
            out.push_str(&stream.push_bytes(&bytes[at..cut]));
            at = cut;
        }
        let rest = stream.finish();
        out.push_str(&rest.text);
        prop_assert_eq!(out, whole.text);
        prop_assert_eq!(rest.counts, whole.counts);
    }

    #[test]
    fn long_distinct_values_do_not_survive(text in text()) {
        let engine = engine();
        let masked = engine.mask_text(&text).text;
        for span in engine.find(&text) {
            let value = &text[span.start..span.end];
            // What stands elsewhere without being found is not the strategy's to hide.
            if value.len() >= 12 && text.matches(value).count() == 1 {
                prop_assert!(!masked.contains(value), "{value}");
            }
        }
    }

    #[test]
    fn any_cell_of_any_kind_is_taken(cells in prop::collection::vec(prop::option::of(text()), 0..6), name in "\\PC{0,20}") {
        let engine = engine();
        let hints = [ColumnHint::named(name), ColumnHint::named("payload")];
        let row: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
        let masked = RowsMasker::new(&engine, &hints).mask(std::slice::from_ref(&row));
        prop_assert_eq!(masked.first().map(Vec::len), Some(row.len()));
    }

    #[test]
    fn a_batch_that_decides_is_masked_as_one_that_follows(
        rows in prop::collection::vec(prop::collection::vec(prop::option::of(text()), 3), 1..6),
        name in "[a-z_]{1,12}|name|price|note",
    ) {
        let engine = engine();
        let hints = [name.as_str(), "price", "name"].map(ColumnHint::named);
        let rows: Vec<Vec<Option<&str>>> =
            rows.iter().map(|row| row.iter().map(Option::as_deref).collect()).collect();
        let mut masker = RowsMasker::new(&engine, &hints);
        let decided = masker.mask(&rows);
        prop_assert_eq!(decided, masker.mask(&rows));
    }

    #[test]
    fn json_cells_stay_json(leaves in prop::collection::vec(("[a-z_]{1,12}", text()), 0..6)) {
        let object: serde_json::Map<_, _> = leaves.into_iter().map(|(k, v)| (k, v.into())).collect();
        let json = serde_json::Value::Object(object).to_string();
        let engine = engine();
        let masked = RowsMasker::new(&engine, &[ColumnHint::named("doc")]).mask(&[vec![Some(&json)]]);
        let cell = masked.into_iter().flatten().next().flatten().unwrap_or_default();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&cell).is_ok(), "{cell}");
    }

    #[test]
    fn any_line_is_answered_by_json(line in "\\PC{0,60}") {
        let answer = jsonl_line(&engine(), &line);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&answer).is_ok());
    }
}

#[test]
fn long_lines_are_cut_alike_however_they_come() {
    let engine = engine();
    let value = "jane.doe@example.com, tel +44 20 7946 0958; ";
    let text = value.repeat(200_000 / value.len());
    let whole = engine.mask_text(&text);
    assert!(!whole.text.contains("jane") && !whole.text.contains("7946"));
    let mut stream = TextStream::new(&engine);
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(7919) {
        out.push_str(&stream.push_bytes(chunk));
    }
    out.push_str(&stream.finish().text);
    assert_eq!(out, whole.text);
}

#[test]
fn the_answer_of_a_line_counts_code_points() {
    let answer = jsonl_line(&engine(), r#"{"id": 7, "text": "é jane@acme.com"}"#);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("the answer is JSON");
    assert_eq!(answer["id"], 7);
    assert_eq!(answer["text"], "é <EMAIL_ADDRESS>");
    assert_eq!(
        (&answer["spans"][0]["start"], &answer["spans"][0]["end"]),
        (&2.into(), &15.into())
    );
    assert_eq!(answer["spans"][0]["type"], "EMAIL_ADDRESS");
}

/// Texts made to let a detector begin again and again inside its own run.
#[test]
fn hostile_repetition_takes_linear_time() {
    let engine = engine();
    let seconds = |text: &str| {
        let start = std::time::Instant::now();
        engine.find(text);
        start.elapsed().as_secs_f64()
    };
    for piece in [
        "a://",
        "sk-",
        "password:",
        "pwd='",
        "eyJ.",
        "a@",
        "aB-",
        "1-",
        "1 ",
        "+1",
        "((",
        "aa:",
        "-----BEGIN PRIVATE KEY-----",
        "\"",
        "{\"a\":",
        "Maria ",
        "lives at A ",
        "a1b2c3d4e5f6g7h8-",
        "DE89 ",
        "key=",
        "http://u:p",
        "id,email\n",
        "a|b\n-+-\n",
        "é",
        "is ",
    ] {
        let text = piece.repeat((1 << 17) / piece.len());
        let taken = seconds(&text);
        // 128 KiB; a quadratic walk takes minutes.
        assert!(taken < 10.0, "{piece:?} took {taken} s");
    }
}
