//! A stream is masked alike however it is cut. The first byte says how many bytes a
//! piece has.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mask::{Engine, Keys, TextStream};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::everything(Keys::new(b"k", "fuzz")));

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let mut at_once = TextStream::new(&ENGINE);
    let mut whole = at_once.push_bytes(bytes);
    let rest = at_once.finish();
    whole.push_str(&rest.text);

    let mut stream = TextStream::new(&ENGINE);
    let mut cut = String::new();
    for piece in bytes.chunks(usize::from(*first) + 1) {
        cut.push_str(&stream.push_bytes(piece));
    }
    let last = stream.finish();
    cut.push_str(&last.text);
    assert_eq!(cut, whole);
    assert_eq!(last.counts, rest.counts);
});
