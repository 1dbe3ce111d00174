//! Inputs that are tried every time. See `corpus.txt` for its form.

use crate::hostile::Part;

const CORPUS: &str = include_str!("corpus.txt");

/// Returns the inputs for a part.
pub fn of(part: Part) -> Vec<Vec<u8>> {
    let lines = CORPUS
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let inputs = lines.filter_map(|line| {
        let (name, digits) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let named = match name {
            "frame" => Part::Frame,
            "message" => Part::Message,
            "handshake" => Part::Handshake,
            "presence" => Part::Presence,
            "ticket" => Part::Ticket,
            "roster" => Part::Roster,
            "proof" => Part::Proof,
            _ => panic!("{name:?} is no part"),
        };
        (named == part).then(|| bytes_of(digits))
    });
    inputs.collect()
}

/// Reads hexadecimal digits; `*n` behind two of them repeats the byte.
fn bytes_of(digits: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in digits.split_whitespace() {
        let (word, times) = word.split_once('*').unwrap_or((word, "1"));
        let times = times.parse().expect("a number of times");
        let piece: Vec<u8> = (0..word.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&word[at..at + 2], 16).expect("hexadecimal digits"))
            .collect();
        bytes.extend(piece.repeat(times));
    }
    bytes
}
