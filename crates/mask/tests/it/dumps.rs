//! What tools write that print and copy databases: values are known by the columns that
//! a head names, wherever it is.

use mask::{Engine, Keys, TextStream};

fn masked(text: &str) -> String {
    let engine = Engine::everything(Keys::new(b"k", "dumps"));
    let whole = engine.mask_text(text).text;
    let mut stream = TextStream::new(&engine);
    let mut cut = String::new();
    for piece in text.as_bytes().chunks(7) {
        cut += &stream.push_bytes(piece);
    }
    cut += &stream.finish().text;
    assert_eq!(cut, whole);
    whole
}

#[test]
fn cells_between_bars_have_the_columns_of_their_head() {
    let text = "id|full_name|dob|status\n1|Okafor|1985-04-12|ok\n2|Brun|1990-01-02|ok\n(2 rows)\n";
    assert_eq!(
        masked(text),
        "id|full_name|dob|status\n1|<PERSON>|<DATE_OF_BIRTH>|ok\n2|<PERSON>|<DATE_OF_BIRTH>|ok\n(2 rows)\n"
    );
    // Lines of a record are no table.
    let record = "-[ RECORD 1 ]-\nstatus|active\nssn|536904399\n";
    assert_eq!(
        masked(record),
        "-[ RECORD 1 ]-\nstatus|active\nssn|<US_SSN>\n"
    );
}

#[test]
fn inserts_name_their_columns() {
    let text = "INSERT INTO people (id, surname, note) VALUES (1, 'O''Hara', 'a, b'), (2, NULL, 'x');\n\
        plain 'Okafor'\n";
    assert_eq!(
        masked(text),
        "INSERT INTO people (id, surname, note) VALUES (1, '<PERSON>', 'a, b'), (2, NULL, 'x');\n\
         plain 'Okafor'\n"
    );
    let lines = "insert into shop.people (\"id\", \"dob\", \"city\")\nVALUES\n  (1, DATE '1985-04-12', 'Kraków'),\n  \
        (2, '1990-01-02', upper('Oslo'))\nON CONFLICT DO NOTHING;\n";
    assert_eq!(
        masked(lines),
        "insert into shop.people (\"id\", \"dob\", \"city\")\nVALUES\n  (1, DATE '<DATE_OF_BIRTH>', '<LOCATION>'),\n  \
         (2, '<DATE_OF_BIRTH>', upper('<LOCATION>'))\nON CONFLICT DO NOTHING;\n"
    );
}

#[test]
fn inserts_without_columns_have_those_of_the_table_that_was_made() {
    let mysql = "CREATE TABLE IF NOT EXISTS `people` (\n  `id` int NOT NULL DEFAULT '0, (',\n  `last_name` varchar(20) \
        COMMENT 'a, b',\n  `passport` decimal(10,2),\n  PRIMARY KEY (`id`),\n  KEY `k` (`last_name`,`id`)\n) ENGINE=InnoDB;\n\
        INSERT INTO `people` VALUES (1,'D\\'Arc','899557281'),(2,'Brun',NULL);\n";
    let shown = masked(mysql);
    assert!(
        shown.ends_with(
            "INSERT INTO `people` VALUES (1,'<PERSON>','<US_PASSPORT>'),(2,'<PERSON>',NULL);\n"
        ),
        "{shown}"
    );
    assert!(
        shown.starts_with(
            "CREATE TABLE IF NOT EXISTS `people` (\n  `id` int NOT NULL DEFAULT '0, ("
        )
    );

    let sqlite = "CREATE TABLE people(id INTEGER PRIMARY KEY, surname TEXT, pwd TEXT);\n\
        INSERT INTO people VALUES(1,'Okafor','Have918!');\nINSERT INTO others VALUES(1,'Okafor');\n";
    assert!(masked(sqlite).ends_with(
        "INSERT INTO people VALUES(1,'<PERSON>','<PASSWORD>');\nINSERT INTO others VALUES(1,'Okafor');\n"
    ));
}

#[test]
fn copied_rows_have_the_columns_of_their_head() {
    let text = "COPY public.people (id, surname, \"birth_date\") FROM stdin;\n1\tOkafor\t1985-04-12\n2\t\\N\t1990-01-02\n\\.\n\
        COPY public.empty (surname) FROM stdin;\n\\.\nOkafor\n";
    assert_eq!(
        masked(text),
        "COPY public.people (id, surname, \"birth_date\") FROM stdin;\n1\t<PERSON>\t<DATE_OF_BIRTH>\n2\t\\N\t<DATE_OF_BIRTH>\n\\.\n\
         COPY public.empty (surname) FROM stdin;\n\\.\nOkafor\n"
    );
}

#[test]
fn rows_of_a_long_insert_go_on_behind_its_cuts() {
    let row = "(17,'Okafor','some text, that is: long; enough'),";
    let text = format!(
        "INSERT INTO people (id, surname, note) VALUES {};\n",
        row.repeat(5_000)
    );
    let shown = masked(&text);
    let left = shown.matches("'Okafor'").count();
    // A value that a line is cut in is judged in parts.
    assert!(left <= text.len() / (60 * 1024), "{left} of 5000");
}

#[test]
fn elements_and_parameters_are_keys() {
    for (text, shown) in [
        (
            "<row><surname>Okafor</surname><n:dob>1985-04-12</n:dob></row>",
            "<row><surname><PERSON></surname><n:dob><DATE_OF_BIRTH></n:dob></row>",
        ),
        (
            "GET /find?surname=Ok%C3%A1for&page=2 HTTP/1.1",
            "GET /find?surname=<PERSON>&page=2 HTTP/1.1",
        ),
        (
            "GET /find?full_name=Ada+Okafor",
            "GET /find?full_name=<PERSON>",
        ),
        ("Contact person: Okafor", "Contact person: <PERSON>"),
        ("if a>b and name>c then x", "if a>b and name>c then x"),
    ] {
        assert_eq!(masked(text), shown);
    }
}
