//! Answers larger than what fits inline.

use serde_json::json;

use super::gateways;
use crate::targets::{Place, connect_sqlite, exec_with, read_to_end, recorded};

#[tokio::test]
async fn a_cut_answer_is_read_on_to_its_very_end() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::postgres(&admin, "pgsql").await;
        let script = "select n, repeat('ä🦀', 10) as text from generate_series(1, 20000) n";
        let mut whole = "n\ttext\n".to_owned();
        for n in 1..=20000 {
            whole += &format!("{n}\t{}\n", "ä🦀".repeat(10));
        }
        whole += "(20000 rows)\n";
        for limit in [1024, 1025, 1026, 1027, 65_536, 1_048_576] {
            let answer =
                exec_with(&admin, "pgsql", script, json!({"max_output_bytes": limit})).await;
            let head = answer["output"].as_str().unwrap();
            assert_eq!(answer["status"], "completed");
            assert_eq!(answer["truncated"], true);
            assert_eq!(answer["output_bytes"], whole.len());
            assert!(
                head.len() <= limit && head.len() > limit - 4,
                "{} of {limit}",
                head.len()
            );
            let rest = read_to_end(
                &admin,
                &answer["session_id"],
                Some(answer["next_cursor"].clone()),
            )
            .await;
            assert!(
                head.to_owned() + &rest == whole,
                "head and rest are not the whole"
            );
            assert!(
                recorded(&admin, &answer).await == whole,
                "the recording is not the whole"
            );
        }
    }
}

#[tokio::test]
async fn cut_rows_end_at_a_row_and_the_text_goes_on_there() {
    for (_, _gateway, admin) in gateways() {
        let _file = connect_sqlite(&admin, "lite").await;
        let script = "with recursive c(n) as (select 1 union all select n + 1 from c where n < 5000) select n, 'text ' || n as t from c";
        let answer = exec_with(
            &admin,
            "lite",
            script,
            json!({"format": "rows", "max_output_bytes": 2048}),
        )
        .await;
        let rows = answer["rows"].as_array().unwrap();
        assert!(
            answer["truncated"] == true && rows.len() > 50 && rows.len() < 300,
            "{} rows",
            rows.len()
        );
        assert_eq!(rows.last().unwrap()[0], rows.len());
        assert_eq!(answer["row_count"], 5000);
        let rest = read_to_end(
            &admin,
            &answer["session_id"],
            Some(answer["next_cursor"].clone()),
        )
        .await;
        let next = rows.len() + 1;
        assert!(
            rest.starts_with(&format!("{next}\ttext {next}\n")),
            "{}",
            &rest[..40]
        );
        assert!(rest.ends_with("5000\ttext 5000\n(5000 rows)\n"));
    }
}

#[tokio::test]
async fn one_big_value_passes() {
    for (_, _gateway, admin) in gateways() {
        let _place = Place::postgres(&admin, "pgsql").await;
        let answer = admin
            .exec("pgsql", "select repeat('0123456789', 500000) as v")
            .await;
        assert_eq!(answer["output_bytes"], 2 + 5_000_001 + 8);
        let whole = recorded(&admin, &answer).await;
        assert!(whole == format!("v\n{}\n(1 row)\n", "0123456789".repeat(500_000)));
        admin.connect_bash("bash").await;
        let answer = admin
            .exec("bash", "head -c 3000000 /dev/zero | tr '\\0' x; echo .")
            .await;
        assert_eq!(answer["output_bytes"], 3_000_002);
        assert!(recorded(&admin, &answer).await == "x".repeat(3_000_000) + ".\n");
    }
}

#[tokio::test]
async fn a_cursor_fits_its_own_session_only() {
    for (_, _gateway, admin) in gateways() {
        admin.connect_bash("bash").await;
        let first = exec_with(
            &admin,
            "bash",
            "seq 1000",
            json!({"max_output_bytes": 1024}),
        )
        .await;
        let second = exec_with(
            &admin,
            "bash",
            "seq 1000",
            json!({"max_output_bytes": 1024}),
        )
        .await;
        for cursor in [first["next_cursor"].clone(), json!("nonsense"), json!("")] {
            let ask = json!({"id": second["session_id"], "cursor": cursor});
            let error = admin.call("sessions_get_content", ask).await.unwrap_err();
            assert_eq!(error["code"], "invalid_argument", "{error}");
        }
    }
}
