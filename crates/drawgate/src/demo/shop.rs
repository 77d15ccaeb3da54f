//! The demo's shop: customers with personal data, orders and payments. Every
//! value is invented; card numbers carry a valid check digit and belong to
//! ranges that card networks keep for tests.

use std::fmt::Write as _;

const CUSTOMERS: u64 = 1_000;
const ORDERS: u64 = 4_000;

const FIRST: [&str; 16] = [
    "Ada", "Bruno", "Chidi", "Dalia", "Emeka", "Freya", "Goran", "Hana", "Ines", "Jonas", "Kofi",
    "Lena", "Mei", "Noor", "Omar", "Priya",
];
const LAST: [&str; 16] = [
    "Abara", "Becker", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito",
    "Jensen", "Kowalska", "Larsen", "Moreau", "Novak", "Okafor", "Patel",
];
const CITIES: [&str; 8] = [
    "Lisbon", "Berlin", "Lagos", "Osaka", "Toronto", "Milan", "Warsaw", "Austin",
];
const PRODUCTS: [(&str, u64); 8] = [
    ("Kettle", 3_490),
    ("Desk lamp", 5_900),
    ("Notebook", 790),
    ("Backpack", 8_450),
    ("Headphones", 12_900),
    ("Coffee beans", 1_450),
    ("Bicycle light", 2_250),
    ("Rain jacket", 9_990),
];
const STATUSES: [&str; 4] = ["paid", "shipped", "delivered", "returned"];

/// The whole shop as one SQL script, the same every time.
pub(super) fn script() -> String {
    let mut sql = String::from(
        "BEGIN;
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, phone TEXT, ssn TEXT, city TEXT, birth_date TEXT, created_at TEXT NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id), product TEXT NOT NULL, quantity INTEGER NOT NULL, total_cents INTEGER NOT NULL, status TEXT NOT NULL, ordered_at TEXT NOT NULL);
CREATE TABLE payments (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id), card_number TEXT NOT NULL, card_holder TEXT NOT NULL, amount_cents INTEGER NOT NULL, paid_at TEXT NOT NULL);
CREATE INDEX orders_by_customer ON orders(customer_id);
CREATE INDEX payments_by_order ON payments(order_id);
CREATE VIEW revenue_by_product AS SELECT product, count(*) AS orders, sum(total_cents) AS total_cents FROM orders GROUP BY product;
",
    );
    let mut dice = Dice(0x5eed);
    for id in 1..=CUSTOMERS {
        customer(&mut sql, id, &mut dice);
    }
    for id in 1..=ORDERS {
        order(&mut sql, id, &mut dice);
    }
    sql.push_str("COMMIT;\n");
    sql
}

fn customer(sql: &mut String, id: u64, dice: &mut Dice) {
    let (first, last) = name_of(id);
    let phone = format!("+1-555-01{:02}-{:04}", dice.below(100), dice.below(10_000));
    let ssn = format!(
        "{:03}-{:02}-{:04}",
        100 + dice.below(565),
        1 + dice.below(99),
        1 + dice.below(9_999)
    );
    let birth = format!(
        "{}-{:02}-{:02}",
        1950 + dice.below(55),
        1 + dice.below(12),
        1 + dice.below(28)
    );
    let city = CITIES[dice.index(CITIES.len())];
    let (email_first, email_last) = (first.to_lowercase(), last.to_lowercase());
    let _ = writeln!(
        sql,
        "INSERT INTO customers VALUES ({id},'{first} {last}','{email_first}.{email_last}{id}@example.com','{phone}','{ssn}','{city}','{birth}','{}');",
        day(dice)
    );
}

fn order(sql: &mut String, id: u64, dice: &mut Dice) {
    let customer = 1 + dice.below(CUSTOMERS);
    let (first, last) = name_of(customer);
    let (product, price) = PRODUCTS[dice.index(PRODUCTS.len())];
    let quantity = 1 + dice.below(4);
    let total = price * quantity;
    let status = STATUSES[dice.index(STATUSES.len())];
    let (card, day) = (card(dice), day(dice));
    let _ = writeln!(
        sql,
        "INSERT INTO orders VALUES ({id},{customer},'{product}',{quantity},{total},'{status}','{day}');
INSERT INTO payments VALUES ({id},{id},'{card}','{first} {last}',{total},'{day}');"
    );
}

fn name_of(id: u64) -> (&'static str, &'static str) {
    let index = |number: u64| usize::try_from(number % 16).unwrap_or_default();
    (FIRST[index(id)], LAST[index(id / 16 + id)])
}

fn day(dice: &mut Dice) -> String {
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:00Z",
        1 + dice.below(10),
        1 + dice.below(28),
        dice.below(24),
        dice.below(60)
    )
}

/// A number in a range that is kept for tests, with its check digit.
fn card(dice: &mut Dice) -> String {
    let head = format!("411111{:09}", dice.below(1_000_000_000));
    let check = luhn(&head);
    format!("{head}{check}")
}

/// The check digit of ISO/IEC 7812-1 for a number without one.
fn luhn(head: &str) -> u32 {
    let sum: u32 = head
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit * 2) {
                (0, doubled) if doubled > 9 => doubled - 9,
                (0, doubled) => doubled,
                _ => digit,
            }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// A small generator (SplitMix64), so that the shop is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_is_the_same_every_time() {
        assert_eq!(script(), script());
    }

    #[test]
    fn card_numbers_carry_their_check_digit() {
        // ISO/IEC 7812-1, the number that Visa names for tests.
        assert_eq!(luhn("411111111111111"), 1);
    }
}
