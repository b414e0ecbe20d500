//! Keys and values of past tokens, in pages that sequences may share.

use quaero_ops::attention::KvPages;

use crate::config::Config;

/// A paged store of keys and values for all layers. Where a sequence's tokens lie says its
/// [`PageTable`](quaero_ops::attention::PageTable).
///
/// The cache does not know which pages are in use: whoever hands out page numbers counts
/// references.
#[derive(Debug)]
pub struct KvCache {
    layers: Vec<KvPages>,
}

impl KvCache {
    /// `n_pages` pages of `page_len` tokens for a model of `config`.
    ///
    /// # Panics
    /// Unless `page_len` is a multiple of [`KvCache::PAGE_LEN_MULTIPLE`] above 0.
    #[must_use]
    pub fn new(config: &Config, n_pages: usize, page_len: usize) -> Self {
        let layer = || KvPages::new(n_pages, page_len, config.n_kv_heads, config.head_dim);
        Self { layers: (0..config.n_layers).map(|_| layer()).collect() }
    }

    /// Page lengths must be a multiple of this.
    pub const PAGE_LEN_MULTIPLE: usize = KvPages::PAGE_LEN_MULTIPLE;

    /// Bytes that one page of `page_len` tokens takes for a model of `config`, all layers together.
    #[must_use]
    pub fn page_bytes(config: &Config, page_len: usize) -> usize {
        let layer = KvPages::page_elements(page_len, config.n_kv_heads, config.head_dim);
        config.n_layers * layer * size_of::<f32>()
    }

    /// Tokens in a page.
    #[must_use]
    pub fn page_len(&self) -> usize {
        self.layers.first().map_or(0, KvPages::page_len)
    }

    /// The number of pages.
    #[must_use]
    pub fn n_pages(&self) -> usize {
        self.layers.first().map_or(0, KvPages::n_pages)
    }

    pub(crate) fn layer_mut(&mut self, layer: usize) -> &mut KvPages {
        &mut self.layers[layer]
    }
}
