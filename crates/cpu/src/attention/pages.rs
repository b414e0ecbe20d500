//! The store of keys and values.

use quaero_shape::Heads;
use rayon::prelude::*;

use crate::gemm::PANEL;

/// Keys and values of one layer in pages that sequences may share.
///
/// A page holds, for each key head, panels of 32 keys `[page_len / 32][D][32]`, and for each value
/// head panels of 32 channels `[D / 32 rounded up][page_len][32]`.
#[derive(Clone, Debug)]
pub struct KvPages {
    keys: Vec<f32>,
    values: Vec<f32>,
    n_pages: usize,
    page_len: usize,
    n_heads: usize,
    head_dim: usize,
}

/// Where the keys and values of a row go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Write {
    /// The page.
    pub page: u32,
    /// The place in the page.
    pub slot: usize,
    /// The row of q, k, v that is written.
    pub row: usize,
}

impl KvPages {
    /// Page lengths must be a multiple of this.
    pub const PAGE_LEN_MULTIPLE: usize = PANEL;

    /// `n_pages` pages of `page_len` tokens for `n_heads` key heads of `head_dim` channels.
    ///
    /// # Panics
    /// Unless `page_len` is a multiple of [`Self::PAGE_LEN_MULTIPLE`] above 0.
    #[must_use]
    pub fn new(n_pages: usize, page_len: usize, n_heads: usize, head_dim: usize) -> Self {
        assert!(
            page_len > 0 && page_len.is_multiple_of(PANEL),
            "a page of {page_len} tokens is not a multiple of {PANEL}; choose e.g. 64"
        );
        let mut pages = Self { keys: vec![], values: vec![], n_pages, page_len, n_heads, head_dim };
        pages.keys = vec![0.0; n_pages * pages.key_elements()];
        pages.values = vec![0.0; n_pages * pages.value_elements()];
        pages
    }

    /// f32 elements that one page takes.
    #[must_use]
    pub fn page_elements(page_len: usize, n_heads: usize, head_dim: usize) -> usize {
        page_len * n_heads * (head_dim + head_dim.next_multiple_of(PANEL))
    }

    /// Tokens in a page.
    #[must_use]
    pub fn page_len(&self) -> usize {
        self.page_len
    }

    /// The number of pages.
    #[must_use]
    pub fn n_pages(&self) -> usize {
        self.n_pages
    }

    fn key_elements(&self) -> usize {
        self.page_len * self.n_heads * self.head_dim
    }

    fn value_elements(&self) -> usize {
        self.page_len * self.n_heads * self.head_dim.next_multiple_of(PANEL)
    }

    /// The panel [D][32] of the keys from position `first` (a multiple of 32) on.
    #[inline(always)]
    pub(super) fn keys(&self, pages: &[u32], head: usize, first: usize) -> &[f32] {
        let page = pages[first / self.page_len] as usize;
        let panel = first % self.page_len / PANEL;
        let n = self.head_dim * PANEL;
        let at = page * self.key_elements() + (head * self.page_len / PANEL + panel) * n;
        &self.keys[at..at + n]
    }

    /// The values [n][32] of the page at position `first`, channels from `channel` on.
    #[inline(always)]
    pub(super) fn values(
        &self,
        pages: &[u32],
        head: usize,
        first: usize,
        channel: usize,
        n: usize,
    ) -> &[f32] {
        let page = pages[first / self.page_len] as usize;
        let panel = head * self.head_dim.div_ceil(PANEL) + channel / PANEL;
        let at = page * self.value_elements() + panel * self.page_len * PANEL;
        &self.values[at..at + n * PANEL]
    }

    /// Writes the keys and values of rows of `qkv` [R, (H + 2K)·D].
    ///
    /// # Panics
    /// If a page or slot is out of range, or two writes go to one place.
    pub fn write(&mut self, heads: Heads, qkv: &[f32], writes: &[Write]) {
        let mut writes = writes.to_vec();
        writes.sort_unstable();
        assert!(
            writes.windows(2).all(|w| (w[0].page, w[0].slot) != (w[1].page, w[1].slot)),
            "two rows are written to one slot of a page: copy shared pages before writing"
        );
        let (k_len, v_len) = (self.key_elements(), self.value_elements());
        let (page_len, d) = (self.page_len, self.head_dim);
        let (mut keys, mut values, mut next) = (&mut self.keys[..], &mut self.values[..], 0);
        let mut tasks = Vec::new();
        for group in writes.chunk_by(|a, b| a.page == b.page) {
            let page = group[0].page as usize;
            assert!(page < self.n_pages, "page {page} of {}", self.n_pages);
            let skip = page - next;
            let (k, rest) = keys[skip * k_len..].split_at_mut(k_len);
            keys = rest;
            let (v, rest) = values[skip * v_len..].split_at_mut(v_len);
            values = rest;
            next = page + 1;
            tasks.push((k, v, group));
        }
        tasks.into_par_iter().with_min_len(8).for_each(|(keys, values, group)| {
            for write in group {
                let row = &qkv[write.row * heads.width()..(write.row + 1) * heads.width()];
                let slot = write.slot;
                let v_head = page_len * d.next_multiple_of(PANEL);
                for head in 0..heads.n_kv_heads {
                    let panel = (head * page_len / PANEL + slot / PANEL) * d * PANEL;
                    let to = &mut keys[panel..panel + d * PANEL];
                    let from = heads.key(head);
                    for (to, &x) in to.chunks_exact_mut(PANEL).zip(&row[from..from + d]) {
                        to[slot % PANEL] = x;
                    }
                    let from = heads.value(head);
                    for (panel, from) in row[from..from + d].chunks(PANEL).enumerate() {
                        let at = head * v_head + (panel * page_len + slot) * PANEL;
                        values[at..at + from.len()].copy_from_slice(from);
                    }
                }
            }
        });
    }
}
