//! Which pages of the cache are free, and how many sequences hold each of the others.
//!
//! Knows nothing of what pages contain.

/// Hands out page numbers and counts who holds them.
#[derive(Debug)]
pub(crate) struct Pages {
    /// The page last returned is the next handed out: it is still in the processor's cache.
    free: Vec<u32>,
    n_holders: Vec<u32>,
}

impl Pages {
    pub(crate) fn new(n_pages: usize) -> Self {
        let n_pages = u32::try_from(n_pages).unwrap_or(u32::MAX);
        Self { free: (0..n_pages).rev().collect(), n_holders: vec![0; n_pages as usize] }
    }

    pub(crate) fn n_free(&self) -> usize {
        self.free.len()
    }

    pub(crate) fn n_pages(&self) -> usize {
        self.n_holders.len()
    }

    /// Appends `n` pages, each with one holder, to `to`; none if fewer are free.
    #[must_use]
    pub(crate) fn take(&mut self, n: usize, to: &mut Vec<u32>) -> bool {
        let Some(keep) = self.free.len().checked_sub(n) else { return false };
        for page in self.free.drain(keep..).rev() {
            self.n_holders[page as usize] = 1;
            to.push(page);
        }
        true
    }

    /// One more holder of each of `pages`.
    pub(crate) fn share(&mut self, pages: &[u32]) {
        for &page in pages {
            let n_holders = &mut self.n_holders[page as usize];
            assert!(*n_holders > 0, "page {page} is shared but nobody holds it");
            *n_holders += 1;
        }
    }

    /// One holder less of each of `pages`; a page without holders is free.
    pub(crate) fn release(&mut self, pages: &[u32]) {
        for &page in pages {
            let n_holders = &mut self.n_holders[page as usize];
            assert!(*n_holders > 0, "page {page} is released but nobody holds it");
            *n_holders -= 1;
            if *n_holders == 0 {
                self.free.push(page);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_free_when_its_last_holder_lets_go() {
        let mut pages = Pages::new(3);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        assert!(pages.take(2, &mut a));
        assert!(!pages.take(2, &mut b) && b.is_empty() && pages.n_free() == 1);
        pages.share(&a);
        pages.release(&a);
        assert_eq!(pages.n_free(), 1);
        pages.release(&a);
        assert_eq!((pages.n_free(), pages.n_pages()), (3, 3));
    }
}
