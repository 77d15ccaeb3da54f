//! Speed of masking per core, beside a memory copy and a plain scan for many patterns.
#![expect(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mask::{Engine, Keys};
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// Bytes of each text.
const SIZE: usize = 4 << 20;

/// A small generator of numbers, the same on every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn clean_rows() -> String {
    let mut numbers = Numbers(7);
    let mut text =
        String::from("id\tsku\tproduct\tquantity\tprice\tstatus\tcreated_at\tchecksum\n");
    while text.len() < SIZE {
        let (a, b, c) = (numbers.below(99_999), numbers.below(9999), numbers.next());
        let _ = writeln!(
            text,
            "{a}\tAB-{b:04}-CD\tstanding desk {}cm\t{}\t{}.{:02}\tshipped\t2024-0{}-1{} 0{}:1{}:22\t{c:016x}",
            b % 200,
            b % 50,
            a % 900,
            b % 100,
            1 + a % 9,
            b % 10,
            a % 10,
            b % 10,
        );
    }
    text
}

fn clean_log() -> String {
    let mut numbers = Numbers(9);
    let mut text = String::new();
    while text.len() < SIZE {
        let (a, b) = (numbers.below(99_999), numbers.below(9999));
        let _ = writeln!(
            text,
            "2024-05-0{}T10:1{}:22.{:03}Z INFO worker-{:02} finished job in {b}ms, {} items written to disk and queue drained",
            1 + a % 9,
            b % 10,
            a % 1000,
            b % 30,
            a % 5000,
        );
    }
    text
}

fn dense_rows() -> String {
    let mut numbers = Numbers(11);
    let mut text = String::from("id\temail\tphone\tfull_name\tlast_login_ip\tnotes\n");
    while text.len() < SIZE {
        let (a, b) = (numbers.below(99_999), numbers.below(9999));
        let _ = writeln!(
            text,
            "{a}\tuser{b}@example.com\t+1 201-555-{b:04}\tMaria Example\t10.2.{}.{}\tcalled about order {a}",
            a % 250,
            b % 250,
        );
    }
    text
}

/// The kinds of patterns that maskers run one after another, in one scan.
fn patterns() -> Regex {
    let list = [
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
        r"\b\d{3}-\d{2}-\d{4}\b",
        r"\b(?:\d[ -]?){13,19}\b",
        r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b",
        r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
        r"\bAKIA[A-Z0-9]{16}\b",
        r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
        r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+",
        r"https?://[^\s]+",
        r"\+\d[\d -]{7,14}\d",
    ];
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_many(&list)
        .expect("the patterns are valid")
}

fn bench(c: &mut Criterion) {
    let engine = Engine::everything(Keys::new(b"bench", "bench"));
    let scan = patterns();
    let mut group = c.benchmark_group("mask");
    group.sample_size(10);
    for (name, text) in [
        ("clean rows", clean_rows()),
        ("clean log", clean_log()),
        ("dense rows", dense_rows()),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("{name}: find"), |b| {
            b.iter(|| engine.find(black_box(&text)).len())
        });
        group.bench_function(format!("{name}: mask"), |b| {
            b.iter(|| engine.mask_text(black_box(&text)).text.len())
        });
        group.bench_function(format!("{name}: ten patterns in one scan"), |b| {
            b.iter(|| scan.find_iter(black_box(text.as_bytes())).count());
        });
        let mut copy = vec![0; text.len()];
        group.bench_function(format!("{name}: copy"), |b| {
            b.iter(|| black_box(&mut copy).copy_from_slice(black_box(text.as_bytes())));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
