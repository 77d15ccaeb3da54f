//! Masks JSON lines: `{"id", "text"}` on standard input, `{"id", "text", "spans"}` on
//! standard output, with every built-in type.

use std::io::{self, BufRead, BufWriter, Write};

use mask::{Engine, Keys, jsonl_line};

fn main() -> io::Result<()> {
    let engine = Engine::everything(Keys::new(b"example", "jsonl"));
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", jsonl_line(&engine, &line))?;
        }
    }
    out.flush()
}
