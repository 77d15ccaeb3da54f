//! Every type with values that are one and values that are none.
//!
//! Keys are put together at run time, so that secret scanners do not take them for real.

use mask::{Engine, Entity, Keys};

fn engine() -> Engine {
    Engine::everything(Keys::new(b"test", "entities"))
}

/// The types found in `text`.
fn found(engine: &Engine, text: &str) -> Vec<Entity> {
    engine
        .find(text)
        .iter()
        .filter_map(|s| Entity::from_name(&s.entity))
        .collect()
}

/// A run of letters and digits that looks drawn at random.
fn random(length: usize) -> String {
    "a7Kq9ZtR2mXw4LpB8vYc3NdF6hJsT1gEx5UoWi0QnDkM"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

use Entity as T;

/// Type, a text with a value of it, a text with something like it.
const CASES: &[(T, &str, &str)] = &[
    (
        T::EmailAddress,
        "write to jane.doe+x@sub.example.co.uk now",
        "write to jane.doe@ or @example",
    ),
    (
        T::PhoneNumber,
        "call +44 20 7946 0958 today",
        "order +44 20 is closed",
    ),
    (T::PhoneNumber, "phone: 07911 123456", "batch: 07911 123456"),
    (
        T::PhoneNumber,
        "reach us at (415) 555-2671",
        "range (415) 55-26",
    ),
    (
        T::CreditCard,
        "paid with 4111 1111 1111 1111",
        "paid with 4111 1111 1111 1112",
    ),
    (
        T::CreditCard,
        "card=378282246310005",
        "card=378282246310006",
    ),
    (
        T::Crypto,
        "to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    ),
    (
        T::Crypto,
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    ),
    (
        T::IpAddress,
        "from 203.0.113.9 port 22",
        "version 2.0.113.9999",
    ),
    (
        T::IpAddress,
        "peer 2001:db8::8a2e:370:7334",
        "std::vec::from 12:30:45",
    ),
    (T::MacAddress, "at 00:1a:2b:3c:4d:5e", "at 00:1a:2b:3c:4d"),
    (
        T::MacAddress,
        "at aa-bb-cc-dd-ee-ff",
        "at aa-bb-cc-dd-ee-gg",
    ),
    (
        T::Url,
        "see https://example.com/a?b=c.",
        "see https or //example",
    ),
    (
        T::DateOfBirth,
        "born on 12.03.1985",
        "shipped on 12.03.1985",
    ),
    (T::DateOfBirth, "DOB: March 12, 1985", "due: March 12, 1985"),
    (
        T::IbanCode,
        "IBAN GB82 WEST 1234 5698 7654 32",
        "ref GB82 WEST 1234 5698 7654 33",
    ),
    (T::UsSsn, "is 536-90-4399 hers", "is 666-90-4399 hers"),
    (T::UsSsn, "ssn=536904399", "ssn=000904399"),
    (T::UsItin, "has 912-91-3457", "has 912-93-3457"),
    (
        T::UsPassport,
        "passport number is C03005988",
        "part number is C03005988",
    ),
    (
        T::UsDriverLicense,
        "driver's license: D1234567",
        "ticket: D1234567",
    ),
    (
        T::UsBankNumber,
        "account number 123456789012",
        "invoice 123456789012",
    ),
    (
        T::AbaRouting,
        "routing number 021000021",
        "routing number 021000022",
    ),
    (T::MedicalLicense, "DEA AB1234563", "DEA AB1234564"),
    (T::MedicalLicense, "NPI 1234567893", "NPI 1234567894"),
    (
        T::UkNhs,
        "NHS number 943 476 5919",
        "NHS number 943 476 5918",
    ),
    (T::UkNino, "has AB 12 34 56 C now", "has GB 12 34 56 C now"),
    (
        T::UkDrivingLicence,
        "licence MORGA753116SM9IJ",
        "licence MORGA793116SM9IJ",
    ),
    (T::AuTfn, "TFN 123 456 782", "TFN 123 456 783"),
    (T::AuAbn, "by 51 824 753 556", "by 51 824 753 557"),
    (T::AuAcn, "ACN 004 085 616", "ACN 004 085 617"),
    (
        T::AuMedicare,
        "medicare 2123 45670 1",
        "medicare 2123 45671 1",
    ),
    (T::InAadhaar, "holds 2341 2341 2346", "holds 2341 2341 2347"),
    (T::InPan, "PAN ABCPE1234F", "PAN ABCXE1234F"),
    (T::InPassport, "indian passport J8369854", "model J8369854"),
    (
        T::InVehicleRegistration,
        "number plate MH12AB1234",
        "sku MH12AB1234",
    ),
    (T::InVoter, "voter id ABC1234567", "sku ABC1234567"),
    (T::InGstin, "GSTIN 27AAPFU0939F1ZV", "GSTIN 27AAPFU0939F1ZW"),
    (
        T::ItFiscalCode,
        "for RSSMRA85T10A562S",
        "for RSSMRA85T10A562T",
    ),
    (
        T::ItVatCode,
        "partita iva 12345670017",
        "partita iva 12345670018",
    ),
    (
        T::ItIdentityCard,
        "carta d'identita: CA12345AA, carta_identita=CA12345AA",
        "sku=CA12345AA",
    ),
    (
        T::ItDriverLicense,
        "patente: AB1234567C",
        "item: AB1234567C",
    ),
    (
        T::ItPassport,
        "numero_passaporto=YA1234567",
        "item=YA1234567",
    ),
    (T::EsNif, "DNI 12345678Z", "DNI 12345678A"),
    (T::EsNie, "with X1234567L", "with X1234567M"),
    (T::SgFin, "with S1234567D", "with S1234567E"),
    (T::SgUen, "UEN 201912345K", "lot 201912345K"),
    (T::BrCpf, "do 529.982.247-25", "do 529.982.247-26"),
    (T::BrCnpj, "da 11.222.333/0001-81", "da 11.222.333/0001-82"),
    (T::BrRg, "RG 12.345.678-9", "versão 12.345.678"),
    (T::BrCnh, "cnh=62472927637", "cnh=62472927638"),
    (T::BrPis, "pis=12056412545", "pis=12056412546"),
    (T::PlPesel, "PESEL 44051401359", "PESEL 44051401358"),
    (T::KrRrn, "with 900101-1234568", "with 900101-1234567"),
    (
        T::FiPersonalIdentityCode,
        "on 131052-308T",
        "on 131052-308U",
    ),
    (
        T::ThTnin,
        "thai id 1-1012-34567-89-7",
        "thai id 1-1012-34567-89-6",
    ),
    (T::Nrp, "nationality=\"Swiss\"", "status=\"Swiss\""),
    (
        T::Person,
        "Spoke with Maria Rossi about it",
        "Spoke with support about it",
    ),
    (T::Person, "Dear Mr. Okonkwo,", "Dear customer,"),
    (
        T::Location,
        "Anna Nowak lives at 12 High Street, Leeds and waits",
        "the job lives at node 12 and waits",
    ),
];

#[test]
fn valid_values_are_found_and_broken_ones_are_not() {
    let engine = engine();
    for (entity, valid, broken) in CASES {
        assert!(
            found(&engine, valid).contains(entity),
            "{} in `{valid}`",
            entity.name()
        );
        assert!(
            !found(&engine, broken).contains(entity),
            "{} in `{broken}`",
            entity.name()
        );
    }
}

#[test]
fn secrets_are_found() {
    let engine = engine();
    let key = random(36);
    let cases = [
        (T::AwsAccessKey, format!("id AK{}7EXAMPLEKEYABCDE", "IA")),
        (
            T::AwsSecretKey,
            format!("aws_secret_access_key={}/+", random(38)),
        ),
        (T::GithubToken, format!("using gh{}{key} now", "p_")),
        (
            T::SlackToken,
            format!("using xo{}123456789012-{}", "xb-", random(24)),
        ),
        (T::StripeKey, format!("key=sk{}{}", "_live_", random(24))),
        (
            T::Jwt,
            format!(
                "Bearer ey{}.{}.{}",
                "JhbGciOiJIUzI1NiJ9",
                random(30),
                random(20)
            ),
        ),
        (T::ApiKey, format!("gl{}{}", "pat-", random(20))),
        (T::ApiKey, format!("x-api-key: {}", random(32))),
        (
            T::ConnectionString,
            format!("postgres://app:{}@db:5432/app", random(9)),
        ),
        (T::Password, "DB_PASSWORD=correct-horse".to_owned()),
        (T::Password, r#"{"pwd": "hunter2!"}"#.to_owned()),
        (
            T::PrivateKey,
            format!(
                "-----BEGIN {0} KEY-----\n{1}\n-----END {0} KEY-----",
                "PRIVATE",
                random(64)
            ),
        ),
    ];
    for (entity, text) in cases {
        assert!(
            found(&engine, &text).contains(&entity),
            "{} in `{text}`",
            entity.name()
        );
    }
}

#[test]
fn what_commands_and_statements_are_given_is_found() {
    let engine = engine();
    let hex = "61aac914d8d2f76233092d8fe89157f5";
    let hash = format!("$2b$12${}", random(53));
    for (text, shown) in [
        (
            "mysql -uroot -pVFYaDRB4 shop".to_owned(),
            "mysql -uroot -p<PASSWORD> shop",
        ),
        (
            "sshpass -p 'b7 x' ssh root@h".to_owned(),
            "sshpass -p '<PASSWORD>' ssh root@h",
        ),
        (
            "CREATE USER a IDENTIFIED BY 'letmein'".to_owned(),
            "CREATE USER a IDENTIFIED BY '<PASSWORD>'",
        ),
        (format!("root:{hash}:19000"), "root:<PASSWORD>:19000"),
        (format!("key {hex}-us12 ok"), "key <API_KEY> ok"),
        (format!("sid SK{hex} ok"), "sid <API_KEY> ok"),
        (
            format!("bot 135260485:AA{} ok", random(33)),
            "bot <API_KEY> ok",
        ),
        (
            format!("tf {}.atlasv1.{}", random(14), random(60)),
            "tf <API_KEY>",
        ),
    ] {
        assert_eq!(engine.mask_text(&text).text, shown);
    }
    for text in [
        "mysqldump -p shop",
        "PWD=/srv/app",
        "a two-pass memchr2+SWAR search",
        "ps -ef && psql -p 5432",
        "sorted by 'name'",
        "costs $1$ or $2$ each",
        "61aac914d8d2f76233092d8fe89157f5-use",
        "1352604855:AA",
    ] {
        assert_eq!(engine.mask_text(text).text, text);
    }
}

#[test]
fn harmless_things_stay() {
    let engine = engine();
    for text in [
        "2024-05-01T10:12:22.123Z INFO worker-12 finished job in 5432ms",
        "order 1234567890 sku 12345678 qty 12 price 1,234.50",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b build 20.0.19508.804",
        "uuid 550e8400-e29b-41d4-a716-446655440000 etag 4bf92f3577b34da6a3ce929d0e0e4736",
        "epoch 1700000000 1700000000123 pid 41231 lsn 86/2B9F4F04",
        "the password reset was done; wrong password for user bob",
        "std::collections::HashMap took 12:30:45, see section 3.2.1",
        "isbn 9786429822287 tracking 1Z97598K0765542613",
        " id | total | status\n----+-------+---------\n  1 | 12.50 | shipped\n(1 row)",
    ] {
        assert_eq!(engine.find(text), [], "{text}");
    }
}

#[test]
fn layouts_tell_what_columns_hold() {
    let engine = engine();
    for text in [
        "id\tsurname\n1\tOkafor\n2\tde Vries\n",
        "id,surname\r\n1,\"Okafor\"\r\n2,\"de Vries\"\r\n",
        " id | surname\n----+----------\n  1 | Okafor\n  2 | de Vries\n(2 rows)\n",
        "+----+----------+\n| id | surname  |\n+----+----------+\n| 1  | Okafor   |\n| 2  | de Vries |\n+----+----------+\n",
        "-[ RECORD 1 ]----\nid      | 1\nsurname | Okafor\n-[ RECORD 2 ]----\nid      | 2\nsurname | de Vries\n",
        "[{\"id\": 1, \"surname\": \"Okafor\"}, {\"id\": 2, \"surname\": \"de Vries\"}]",
        "id: 1\nsurname: Okafor\n---\nid: 2\nsurname: de Vries\n",
    ] {
        let masked = engine.mask_text(text);
        assert_eq!(
            masked.counts.get("PERSON"),
            Some(&2),
            "{text}\n{}",
            masked.text
        );
        assert!(
            !masked.text.contains("Okafor") && !masked.text.contains("Vries"),
            "{}",
            masked.text
        );
    }
}

#[test]
fn a_name_beside_a_price_is_no_person() {
    let engine = engine();
    let goods = "id\tname\tprice\n1\tCeramic Mug\t5.00\n2\tSteel Bolt\t1.00\n";
    assert_eq!(engine.mask_text(goods).text, goods);
    let people = "id\tname\temail\n1\tZuri Abeni\tz@example.com\n2\tOle Bull\to@example.com\n";
    assert_eq!(engine.mask_text(people).counts.get("PERSON"), Some(&2));
}

#[test]
fn a_column_is_masked_as_a_whole() {
    let engine = engine();
    let rows: String = (0..20).map(|i| format!("user{i}@example.com\n")).collect();
    let text = format!(
        "id\tc1\n{}99\tnot an address\n",
        rows.lines()
            .map(|l| format!("1\t{l}\n"))
            .collect::<String>()
    );
    let masked = engine.mask_text(&text);
    assert!(!masked.text.contains("not an address"), "{}", masked.text);
}
