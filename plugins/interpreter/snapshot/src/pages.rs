//! Which pages programs write: the fewer runs of neighbours, the cheaper an instance is put back.

use crate::cases::read;
use crate::closed::{Host, PAGE_BYTES, with_stack};
use std::collections::BTreeMap;
use wasmtime::Result;

/// Prints each run of pages that any of the programs writes: from, to (addresses), the number of
/// its pages, and how many programs write the one that most of them write.
///
/// # Errors
/// The module or the file cannot be read.
pub fn pages(module: &str, programs: &str) -> Result<()> {
    let host = Host::new(module)?;
    let cases = read(programs)?;
    with_stack(move || {
        let mut writers = BTreeMap::<usize, usize>::new();
        for case in &cases {
            // A program that ends badly writes as it pleases.
            let Ok(pages) = host.pages_written(&case.job()) else { continue };
            for page in pages {
                *writers.entry(page).or_default() += 1;
            }
        }
        let mut runs: Vec<(usize, usize, usize)> = Vec::new();
        for (&page, &n) in &writers {
            match runs.last_mut() {
                Some((_, end, most)) if *end == page => (*end, *most) = (page + 1, n.max(*most)),
                _ => runs.push((page, page + 1, n)),
            }
        }
        for (start, end, most) in &runs {
            println!(
                "{:#9x} {:#9x} {:4} pages, {most} programs",
                start * PAGE_BYTES,
                end * PAGE_BYTES,
                end - start
            );
        }
        println!("{} runs, {} pages", runs.len(), writers.len());
        Ok(())
    })
}
