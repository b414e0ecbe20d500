//! Prints the held-out suite as JSON lines.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

fn main() {
    print!("{}", quaero_seed::suite::to_jsonl(&quaero_seed::suite::draw()));
}
